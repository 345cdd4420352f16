from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .crm_lead_next_step import STEP_STATES

_BATCH = 200
_OF_LEAD = ("partner_id", "phone", "next_step", "next_step_date", "next_step_state")


class CrmContactPlan(models.Model):
    """How many clients on a stage a manager works on a day, and which ones.

    Written by the system from an accepted sales plan. Which clients it is, is chosen on the day
    itself: until then they move on.
    """

    _name = "crm.contact.plan"
    _description = "Contact Plan of a Day"
    _order = "day, user_id, id"
    _rec_name = "stage_id"

    plan_id = fields.Many2one(
        "crm.sales.plan", "Sales Plan", required=True, readonly=True, ondelete="cascade", index=True
    )
    team_id = fields.Many2one(related="plan_id.team_id", store=True, precompute=True)
    company_id = fields.Many2one(related="plan_id.company_id", store=True, precompute=True)
    user_id = fields.Many2one(
        "res.users", "Manager", required=True, readonly=True, ondelete="cascade"
    )
    day = fields.Date(required=True, readonly=True)
    stage_id = fields.Many2one("crm.stage", required=True, readonly=True, ondelete="restrict")
    clients = fields.Integer(
        "Clients to Work", readonly=True, help="Clients on the stage to talk to on this day."
    )
    client_ids = fields.One2many("crm.contact.plan.client", "contact_plan_id", readonly=True)
    chosen_on = fields.Datetime(readonly=True, help="When the clients were chosen.")
    chosen = fields.Integer(
        "Clients Found",
        compute="_compute_done",
        help="Clients of the manager on this stage that were found for the day.",
    )
    done = fields.Integer(
        compute="_compute_done",
        help="Clients of the list with whom the manager logged a contact on this day.",
    )
    done_text = fields.Char("Progress", compute="_compute_done")

    _key_uniq = models.UniqueIndex("(plan_id, user_id, day, stage_id)")
    _user_idx = models.Index("(user_id, day)")
    _due_idx = models.Index("(day, company_id) WHERE chosen_on IS NULL")

    @api.depends("stage_id", "clients")
    def _compute_display_name(self):
        for row in self:
            row.display_name = f"{row.clients} × {row.stage_id.name}"

    @api.depends("client_ids.is_done", "clients")
    def _compute_done(self):
        for row in self:
            row.chosen = len(row.client_ids)
            row.done = sum(row.client_ids.mapped("is_done"))
            row.done_text = self.env._(
                "%(done)s of %(planned)s", done=row.done, planned=row.clients
            )

    # -- the clients of the day ---------------------------------------------------------------

    @api.model
    def _cron_choose(self):
        """Hourly: choose the clients of the day, where it has begun. May run at any time."""
        for company in self.env["res.company"].search(Domain.TRUE):
            domain = [
                ("day", "=", company._funnel_today()),
                ("company_id", "=", company.id),
                ("chosen_on", "=", False),
            ]
            # Rows that a manager is opening at this moment are chosen by them.
            while rows := self.search(domain, limit=_BATCH).try_lock_for_update():
                rows._choose()
                self.env["ir.cron"]._commit_progress(len(rows))

    def _choose_due(self):
        """Choose the clients of those rows whose day has come and that have none."""
        self.filtered(
            lambda row: not row.chosen_on and row.day == row.company_id._funnel_today()
        )._choose()

    def _choose(self):
        """Choose clients in work of each row's manager and stage, the oldest next step first."""
        rows = self._lock_not_chosen()
        if rows:
            rows._choose_locked()

    def _lock_not_chosen(self):
        """Those that nobody has chosen clients for meanwhile: the cron and managers may meet."""
        self.flush_recordset(["chosen_on"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id FROM crm_contact_plan
                 WHERE id = ANY(%s) AND chosen_on IS NULL
              ORDER BY id
                   FOR UPDATE
                """,
                self.ids,
            )
        )
        free = {row_id for (row_id,) in rows}
        return self.filtered(lambda row: row.id in free)

    def _choose_locked(self):
        leads = self._leads_in_work()
        by_place = leads.grouped(lambda lead: (lead.team_id, lead.user_id, lead.stage_id))
        self.env["crm.contact.plan.client"].create(
            [
                {"contact_plan_id": row.id, "lead_id": lead.id, "sequence": place}
                for row in self
                for place, lead in enumerate(
                    by_place.get((row.team_id, row.user_id, row.stage_id), leads.browse())[
                        : row.clients
                    ]
                )
            ]
        )
        self.chosen_on = fields.Datetime.now()

    def _leads_in_work(self):
        planner = self.env["crm.sales.planner"]
        leads = self.env["crm.lead"].sudo()
        for team, rows in self.grouped("team_id").items():
            for company in rows.company_id:
                leads |= leads.search(
                    planner._pipeline_domain(team, company)
                    & Domain("user_id", "in", rows.user_id.ids)
                    & Domain("stage_id", "in", rows.stage_id.ids)
                )
        return self._in_order_of_work(leads)

    def _in_order_of_work(self, leads):
        """The oldest next step first; a client with whom nothing is planned is due today."""
        today = min(self.mapped("day"))
        return leads.sorted(lambda lead: (lead.next_step_date or today, lead.id))

    # -- actions ------------------------------------------------------------------------------

    @api.model
    def action_open_today(self):
        """Open the clients to work today.

        :return: window action on the user's own
        """
        today = self.env.company._funnel_today()
        rows = self.sudo().search([("user_id", "=", self.env.uid), ("day", "=", today)])
        rows._choose_due()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "sales_funnel_control.crm_contact_plan_client_action"
            ),
            "domain": [
                ("user_id", "=", self.env.uid),
                ("day", "=", fields.Date.to_string(today)),
            ],
        }

    def action_open_clients(self):
        """Open the clients of the rows; those of today are chosen where they are not yet."""
        self.sudo()._choose_due()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "sales_funnel_control.crm_contact_plan_client_action"
            ),
            "domain": [("contact_plan_id", "in", self.ids)],
        }


class CrmContactPlanClient(models.Model):
    """A client to talk to on a day: the manager's work list."""

    _name = "crm.contact.plan.client"
    _description = "Client of a Contact Plan"
    _order = "day, user_id, contact_plan_id, sequence, id"
    _rec_name = "lead_id"

    contact_plan_id = fields.Many2one(
        "crm.contact.plan", required=True, readonly=True, ondelete="cascade", index=True
    )
    lead_id = fields.Many2one(
        "crm.lead", "Client", required=True, readonly=True, ondelete="cascade", index=True
    )
    sequence = fields.Integer(readonly=True)
    user_id = fields.Many2one(related="contact_plan_id.user_id", store=True, precompute=True)
    day = fields.Date(related="contact_plan_id.day", store=True, precompute=True)
    team_id = fields.Many2one(related="contact_plan_id.team_id", store=True, precompute=True)
    company_id = fields.Many2one(related="contact_plan_id.company_id", store=True, precompute=True)
    planned_stage_id = fields.Many2one(
        related="contact_plan_id.stage_id",
        string="Stage",
        store=True,
        precompute=True,
        help="Where the client stood when the list was made.",
    )
    # Of the deal as it is now: only for who may read it still.
    partner_id = fields.Many2one("res.partner", "Contact Person", compute="_compute_of_lead")
    phone = fields.Char(compute="_compute_of_lead")
    next_step = fields.Char(compute="_compute_of_lead")
    next_step_date = fields.Date("Step Due", compute="_compute_of_lead")
    next_step_state = fields.Selection(STEP_STATES, compute="_compute_of_lead")
    is_done = fields.Boolean(
        "Done",
        compute="_compute_is_done",
        search="_search_is_done",
        help="The manager logged a contact with the client on this day.",
    )

    _user_idx = models.Index("(user_id, day)")
    _lead_uniq = models.UniqueIndex("(contact_plan_id, lead_id)")

    @api.depends("lead_id.partner_id", "lead_id.phone", "lead_id.next_step")
    @api.depends_context("uid")
    def _compute_of_lead(self):
        readable = self.sudo().lead_id.with_env(self.env)._filtered_access("read")
        for client in self:
            lead = client.lead_id if client.lead_id in readable else client.lead_id.browse()
            for name in _OF_LEAD:
                client[name] = lead[name]

    @api.depends("lead_id", "user_id", "day")
    def _compute_is_done(self):
        done = set(self._search_done()._ids) if self._origin else set()
        for client in self:
            client.is_done = client._origin.id in done

    def _search_done(self):
        return self.sudo().search([("id", "in", self._origin.ids), ("is_done", "=", True)])

    @api.model
    def _search_is_done(self, operator, value):
        if operator != "in":
            return NotImplemented
        self.env["crm.contact.log"].flush_model(["lead_id", "user_id", "day", "state"])
        done = Domain(
            "id",
            "in",
            SQL(
                """
                (
                    SELECT client.id
                      FROM crm_contact_plan_client client
                      JOIN crm_contact_log log
                        ON log.lead_id = client.lead_id
                       AND log.user_id = client.user_id
                       AND log.day = client.day
                       AND log.state = 'done'
                )
                """
            ),
        )
        return Domain.OR(done if wanted else ~done for wanted in value)

    def action_log_contact(self):
        """Log a contact with the client."""
        self.ensure_one()
        return self.lead_id.action_log_contact()

    def action_open_lead(self):
        """Open the deal."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "crm.lead",
            "res_id": self.lead_id.id,
            "view_mode": "form",
        }
