from odoo import api, fields, models

# So many deals more than what is won and expected.
_MORE = {"hunters": 30, "farmers": 6}
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
                "target_number": self._plan_number(plans, hunters, _MORE["hunters"]),
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
                "target_number": self._plan_number(plans, farmers, _MORE["farmers"]),
                "basis": "actual",
                "what_if": {str(presentation.id): 80},
            }
        )

    @api.model
    def _plan_number(self, plans, team, more):
        plan = plans.env["crm.sales.planner"].get_plan(
            team.id, target_kind="number", target=0, **self._plan_period()
        )
        return round(plan["target"]["won_number"] + plan["pipeline"]["number"]["expected"]) + more

    @api.model
    def _plan_period(self):
        """This month; in its last days, to the end of the next one."""
        today = self.env.company._funnel_today()
        first = today.replace(day=1)
        last = fields.Date.end_of(today, "month")
        if (last - today).days < _DAYS_LEFT:
            last = fields.Date.end_of(fields.Date.add(first, months=1), "month")
        return {"date_from": first, "date_to": last}
