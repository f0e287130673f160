"""Training of the reader: data, network, evaluation. Nothing of the product imports it."""
