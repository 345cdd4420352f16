from odoo import fields, models


class CrmLead(models.Model):
    """Tasks of the head's follow their deal where it is merged into another."""

    _inherit = "crm.lead"

    head_task_ids = fields.One2many("crm.head.task", "lead_id", "Tasks from the Head")

    def _merge_dependences(self, opportunities):
        tasks = opportunities.sudo().head_task_ids
        if tasks:
            tasks.lead_id = self
        return super()._merge_dependences(opportunities)
