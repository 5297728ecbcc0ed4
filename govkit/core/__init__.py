"""The vocabulary every layer speaks: evidence, controls, the record, errors. Imports nothing heavy."""
