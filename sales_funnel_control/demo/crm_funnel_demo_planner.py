from odoo import api, fields, models

# More than the clients in work bring, and less than two hunters can do.
_TARGET = 30
# A plan for fewer days than these is no plan.
_DAYS_LEFT = 10


class CrmFunnelDemo(models.AbstractModel):
    """The head has planned the month of the hunters, and asks herself what better would bring."""

    _inherit = "crm.funnel.demo"

    @api.model
    def _load_plans(self):
        head = self.env.ref("sales_funnel_control.user_smirnova")
        hunters = self.env.ref("sales_funnel_control.team_hunters")
        farmers = self.env.ref("sales_funnel_control.team_farmers")
        plans = self.env["crm.sales.plan"].with_user(head)
        planned = plans.create(
            {
                "team_id": hunters.id,
                **self._plan_period(),
                "target_kind": "number",
                "target_number": _TARGET,
                "basis": "actual",
            }
        )
        planned.action_accept()
        presentation = farmers.env["crm.stage"].search([("team_ids", "in", farmers.ids)])[2]
        plans.create(
            {
                "team_id": farmers.id,
                **self._plan_period(),
                "target_kind": "number",
                "target_number": 12,
                "basis": "actual",
                "what_if": {str(presentation.id): 80},
            }
        )

    @api.model
    def _plan_period(self):
        """This month; in its last days, to the end of the next one."""
        today = self.env.company._funnel_today()
        first = today.replace(day=1)
        last = fields.Date.end_of(today, "month")
        if (last - today).days < _DAYS_LEFT:
            last = fields.Date.end_of(fields.Date.add(first, months=1), "month")
        return {"date_from": first, "date_to": last}
