"""The extension surface: the only package, besides `core`, that a third party imports."""
