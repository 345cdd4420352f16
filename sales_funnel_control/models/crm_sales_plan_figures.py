from odoo import api, fields, models
from odoo.exceptions import UserError


class CrmSalesPlan(models.Model):
    """What the planner makes of a plan, and how it is stored."""

    _inherit = "crm.sales.plan"

    def action_refresh(self):
        """Compute the drafts anew: clients and chances are others every day."""
        if any(plan.state != "draft" for plan in self):
            raise UserError(self.env._("An accepted plan stands still. Withdraw it to plan anew."))
        self.check_access("write")
        self._refresh()
        return True

    @api.readonly
    def get_plan(self):
        """What the plan comes to now: see ``crm.sales.planner.get_plan``.

        :rtype: dict
        """
        self.ensure_one()
        self.check_access("read")
        return self.env["crm.sales.planner"].get_plan(**self._plan_options())

    def _plan_options(self):
        """The arguments of the planner."""
        name = f"target_{self.target_kind}"
        shares = {share.user_id.id: share.share for share in self.share_ids}
        return {
            "team_id": self.team_id.id,
            "user_id": self.user_id.id,
            "date_from": fields.Date.to_string(self.date_from),
            "date_to": fields.Date.to_string(self.date_to),
            "target_kind": self.target_kind,
            "target": self[name],
            "average_deal": self.average_deal,
            "basis": self.basis,
            "what_if": self.what_if,
            "shares": shares if self.divides_by_hand else None,
        }

    def _refresh(self):
        """Store what the planner makes of each plan."""
        for plan in self:
            payload = plan.get_plan()
            pipeline, missing = payload["pipeline"], payload["missing"]
            plan.sudo().write(
                {
                    "deals": payload["target"]["number"],
                    "assumed_deal": payload["target"]["average_deal"],
                    "won_number": payload["target"]["won_number"],
                    "won_amount": payload["target"]["won_amount"],
                    **{
                        f"forecast_{name}{suffix}": pipeline[name][key]
                        for name in ("number", "amount")
                        for suffix, key in (("", "expected"), ("_low", "low"), ("_high", "high"))
                    },
                    "missing_number": missing["number"],
                    "missing_amount": missing["amount"],
                    "covered": missing["covered"],
                    **payload["totals"],
                    "remarks": "\n".join(payload["remarks"]),
                }
            )
            plan.sudo()._store_rows(payload)

    def _store_rows(self, payload):
        """Put the rows of the payload in place of those that are there."""
        self.stage_ids.unlink()
        self.line_ids.unlink()
        self.env["crm.sales.plan.stage"].create(
            [
                {
                    "plan_id": self.id,
                    "sequence": place,
                    "stage_id": stage["id"],
                    **{
                        name: stage[name]
                        for name in (
                            "target_rate", "actual_rate", "entered", "what_if", "rate", "needed",
                            "standing", "to_bring", "clients", "meetings", "calls",
                        )
                    },
                }
                for place, stage in enumerate(payload["stages"])
            ]
        )  # fmt: skip
        self.env["crm.sales.plan.line"].create(
            [{"plan_id": self.id, **line} for line in payload["lines"]]
        )
        rows = {share.user_id.id: share for share in self.share_ids}
        for manager in payload["managers"]:
            values = {
                "share": manager["share"],
                "clients": manager["clients"],
                "capacity": manager["capacity"],
                "contacts": manager["contacts"],
                "load": manager["load"],
            }
            row = rows.pop(manager["id"], None)
            if row:
                row.write(values)
            else:
                self.env["crm.sales.plan.share"].create(
                    {"plan_id": self.id, "user_id": manager["id"], **values}
                )
        self.env["crm.sales.plan.share"].union(*rows.values()).unlink()
