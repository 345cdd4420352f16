from odoo import models


class CrmWeeklyReview(models.Model):
    """The ways a review leaves Odoo: workbook and print."""

    _inherit = "crm.weekly.review"

    def action_workbook(self):
        """Download the review as a workbook."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_url",
            "url": f"/sales_funnel_control/workbook/review/{self.id}",
            "target": "download",
        }

    def action_print_view(self):
        """Open the review as a page that is made to be printed."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_url",
            "url": f"/report/html/sales_funnel_control.report_weekly_review/{self.id}",
            "target": "new",
        }


class CrmWeeklyReviewLine(models.Model):
    _inherit = "crm.weekly.review.line"

    def _payload(self):
        """The line, and its role in the reader's language."""
        roles = dict(self._fields["sales_role"]._description_selection(self.env))
        return {**super()._payload(), "role_name": roles.get(self.sales_role, "")}
