from odoo import api, models

_TODO = "mail.mail_activity_data_todo"


class CrmClientCase(models.Model):
    """Working a complaint off: the responsible's activity, and where complaints are opened."""

    _inherit = "crm.client.case"

    def _note_end(self):
        """Take down the day a complaint was closed; one that goes on has none."""
        for case in self.sudo():
            is_closed = case.state in ("solved", "unsolved")
            if is_closed != bool(case.closed_on):
                case.closed_on = is_closed and case.company_id._funnel_today()

    def _tell_responsible(self):
        self.ensure_one()
        self.sudo().with_context(mail_activity_quick_update=True).activity_schedule(
            _TODO,
            self.date_due,
            self.env._("Complaint: %(subject)s", subject=self.name),
            user_id=self.user_id.id,
        )

    def _update_activities(self):
        """Let the activity follow the responsible, the term and the end."""
        for case in self.sudo():
            pending = case.activity_search([_TODO])
            if case.closed_on:
                pending.with_user(self.env.user).sudo().action_feedback(case.done_text)
            elif pending:
                pending.write({"user_id": case.user_id.id, "date_deadline": case.date_due})
            else:
                case._tell_responsible()

    @api.model
    def _action_of(self, client, **context):
        """The complaints of a client; a new one gets the defaults of the context."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "sales_funnel_control.crm_client_case_action"
        )
        action.update(
            domain=[("partner_id", "=", client.id)],
            context={"default_partner_id": client.id, **context},
            path=False,
        )
        return action

    @api.model
    def _new_action(self, person, **context):
        """The form of a new complaint of a person, or of a client."""
        client = person.commercial_partner_id
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("New Complaint"),
            "res_model": self._name,
            "views": [[False, "form"]],
            "context": {
                "default_partner_id": client.id,
                "default_contact_id": person.id if person != client else False,
                **context,
            },
        }
