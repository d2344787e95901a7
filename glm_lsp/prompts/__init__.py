"""How to ask: templates, and the budget that fits them."""
