"""One file a report format; `view` holds the order, wording and rounding that they share."""
