"""Kinds of intervals, each with samples whose true value is known."""
