from odoo import api, models


class CrmLedgerReader(models.AbstractModel):
    """What is read of, or beside, the ledger: it has caught up with the leads before."""

    _name = "crm.ledger.reader"
    _description = "Reader of the Ledger"

    @api.model
    def _search(self, domain, *args, **kwargs):
        ledger = self.env["crm.lead.stage.history"].sudo()
        ledger._catch_up()
        ledger._interpret()
        return super()._search(domain, *args, **kwargs)
