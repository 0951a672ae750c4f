"""How the reader's weights were made: prepare, train, export, calibrate, evaluate."""
