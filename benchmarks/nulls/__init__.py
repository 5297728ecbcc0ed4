"""Rules that rest on p-values, each with data of which nothing is wrong."""
