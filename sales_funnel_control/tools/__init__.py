"""The mathematics and the rules, in plain Python: nothing here imports odoo."""
