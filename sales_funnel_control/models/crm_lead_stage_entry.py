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
        arrived, left = defaultdict(list), defaultdict(list)
        for difference, change, _funnel in changes:
            latest = change.entries[-1] if change.entries else None
            if latest and latest.exit == "still_there" and latest.origin != "handed_over":
                arrived[latest.stage_id].append(difference.lead_id)
                if difference.stay and difference.stay.stage_id not in (None, latest.stage_id):
                    left[difference.stay.stage_id].append(difference.lead_id)
        Stage, Lead = self.env["crm.stage"], self.env["crm.lead"]
        for stage_id, lead_ids in left.items():
            Stage.browse(stage_id)._on_left(Lead.browse(lead_ids))
        for stage_id, lead_ids in arrived.items():
            Stage.browse(stage_id)._on_entered(Lead.browse(lead_ids))


class CrmStage(models.Model):
    _inherit = "crm.stage"

    def _on_entered(self, leads):
        """What happens when ``leads`` came to stand on this stage. Runs once a transaction."""

    def _on_left(self, leads):
        """What happens when ``leads`` went on from this stage to another."""
