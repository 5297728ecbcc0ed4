"""What is audited, as named inputs: data sets, the model behind its process boundary, columns, declarations."""
