"""The contract, as componentize-py generates it from `wit/` in place of this package
when it makes a component. Outside of one there is nothing to call."""
