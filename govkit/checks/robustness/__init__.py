"""How the model behaves when its input is changed: on purpose, by noise, or because something is missing."""
