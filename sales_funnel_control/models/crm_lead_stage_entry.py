from collections import defaultdict

from odoo import models


class CrmLeadStageHistory(models.Model):
    """Tells the stages who came in, once the ledger knows."""

    _inherit = "crm.lead.stage.history"

    def _announce(self, changes):
        """Let stages act on the leads that came to stand on them.

        A lead that is handed over within its stage has not come in; one that is reopened has.

        :param changes: ``(difference, change, funnel)``, as the ledger applied them
        """
        arrived = defaultdict(list)
        for difference, change, _funnel in changes:
            latest = change.entries[-1] if change.entries else None
            if latest and latest.exit == "still_there" and latest.origin != "handed_over":
                arrived[latest.stage_id].append(difference.lead_id)
        for stage_id, lead_ids in arrived.items():
            self.env["crm.stage"].browse(stage_id)._on_entered(
                self.env["crm.lead"].browse(lead_ids)
            )


class CrmStage(models.Model):
    _inherit = "crm.stage"

    def _on_entered(self, leads):
        """What happens when ``leads`` came to stand on this stage. Runs once a transaction."""
