from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

_SUBJECTS = {"crm.lead": "lead_ids", "res.partner": "partner_ids"}


class CrmHeadTaskSet(models.TransientModel):
    """Set a task to one manager or several: on deals, on clients, or on nothing in particular."""

    _name = "crm.head.task.set"
    _description = "Set a Task"

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        name = _SUBJECTS.get(self.env.context.get("active_model"))
        ids = self.env.context.get("active_ids")
        if name and ids and name not in values:
            values[name] = [Command.set(ids)]
        return values

    user_ids = fields.Many2many(
        "res.users",
        string="Managers",
        domain=lambda self: list(self.env["crm.head.task"]._managers_domain()),
        help="Each of them gets the task. Empty: the manager of each deal.",
    )
    name = fields.Char("What Is to Be Done", required=True)
    note = fields.Text(help="What the manager needs to know.")
    date_due = fields.Date(
        "Due", required=True, default=lambda self: self.env.company._funnel_today()
    )
    lead_ids = fields.Many2many("crm.lead", string="Deals", domain="[('type', '=', 'opportunity')]")
    partner_ids = fields.Many2many("res.partner", string="Clients")

    @api.constrains("date_due")
    def _check_date_due(self):
        today = self.env.company._funnel_today()
        if any(wizard.date_due < today for wizard in self):
            raise UserError(self.env._("That day has passed. Choose today or a later day."))

    def action_set(self):
        """Set the tasks.

        :return: window action on them
        """
        self.ensure_one()
        tasks = self.env["crm.head.task"].create(
            [
                {
                    "name": self.name,
                    "note": self.note,
                    "date_due": self.date_due,
                    "user_id": user.id,
                    **subject,
                }
                for subject, users in self._subjects()
                for user in users
            ]
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Tasks Set"),
            "res_model": "crm.head.task",
            "views": [[False, "list"], [False, "form"]],
            "domain": [("id", "in", tasks.ids)],
        }

    def _subjects(self):
        """What each task is about, and whom it is for."""
        self.ensure_one()
        free = self.lead_ids.filtered(lambda lead: not lead.user_id)
        if not self.user_ids and (self.partner_ids or not self.lead_ids or free):
            raise UserError(
                self.env._(
                    "Choose who is to do it: only deals that have a manager tell by themselves."
                )
            )
        subjects = [({"lead_id": lead.id}, self.user_ids or lead.user_id) for lead in self.lead_ids]
        subjects += [({"partner_id": client.id}, self.user_ids) for client in self.partner_ids]
        return subjects or [({}, self.user_ids)]
