from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL, safe_eval

LINE_STATES = [
    ("waiting", "Waiting"),
    ("done", "Done"),
    ("unchanged", "Unchanged"),
    ("refused", "Refused"),
]
# Who and what was chosen: fixed by the start.
_CHOICES = {
    *("action", "company_id", "model", "source", "domain", "filter_id"),
    *("farmer_id", "tag_id", "category", "category_reason", "campaign_id"),
}
# What was changed is kept for a while; what was refused, and the counts, for good.
_KEPT_DAYS = 90
_DRAFTS_KEPT_DAYS = 1


class CrmClientBulk(models.Model):
    """One action on a group of clients: who is meant, what is to be done, what came of it.

    The group is fixed when the action starts, one line for each client. Actions are those of
    :meth:`_bulk_actions`; each is a method ``_apply_<action>``.
    """

    _name = "crm.client.bulk"
    _inherit = ["crm.run.mixin"]
    _description = "Change of a Group of Clients"
    _rec_name = "action"
    _run_cron = "ir_cron_change_clients"

    company_id = fields.Many2one(
        "res.company",
        required=True,
        readonly=True,
        default=lambda self: self.env.company,
        ondelete="cascade",
        help="Contacts are clients of this company.",
    )
    source = fields.Selection(
        [("chosen", "Chosen in a List"), ("filter", "Saved Filter"), ("domain", "Conditions")],
        "Chosen by",
        required=True,
        default="domain",
    )
    model = fields.Selection(
        [("crm.client", "Clients"), ("res.partner", "Contacts")],
        "Conditions on",
        required=True,
        default="crm.client",
    )
    filter_id = fields.Many2one(
        "ir.filters",
        "Saved Filter",
        domain="[('model_id', 'in', ('crm.client', 'res.partner')),"
        " '|', ('user_ids', '=', False), ('user_ids', 'in', uid)]",
        ondelete="set null",
        help="A filter you saved in the list of clients or of contacts.",
    )
    domain = fields.Char("Conditions", default="[]")
    action = fields.Selection(selection=lambda self: self._bulk_actions(), required=True)
    farmer_id = fields.Many2one(
        "res.users",
        domain="[('share', '=', False)]",
        ondelete="set null",
        help="Who is to be in charge of these clients.",
    )
    tag_id = fields.Many2one("res.partner.category", ondelete="set null")

    line_ids = fields.One2many("crm.client.bulk.line", "bulk_id", readonly=True)
    refused_line_ids = fields.One2many(
        "crm.client.bulk.line", "bulk_id", "Refused Clients", domain=[("state", "=", "refused")]
    )
    clients = fields.Integer(
        "Chosen", compute="_compute_clients", help="How many clients or contacts are meant."
    )
    total = fields.Integer("Clients")
    changed = fields.Integer("Done", readonly=True)
    unchanged = fields.Integer(readonly=True, help="Clients that were so already.")
    refused = fields.Integer(readonly=True)
    summary = fields.Char(compute="_compute_summary")

    # -- defaults and computes ----------------------------------------------------------------

    @api.model
    def _bulk_actions(self):
        """``(name, label)`` of what can be done with a group; others add theirs.

        Action ``x`` is the method ``_apply_x(clients)``. It gets readable clients that nobody
        blacklisted, as the user who started, changes what may be changed and returns the
        clients it changed and ``{partner: reason}`` of those it refused; others were so already.
        """
        labels = {
            "farmer": self.env._("Put a Farmer in Charge"),
            "add_tag": self.env._("Add a Tag"),
            "remove_tag": self.env._("Take a Tag Away"),
            "verify": self.env._("Contact Data Are Verified"),
        }
        return list(labels.items())

    @api.depends("source", "model", "filter_id", "domain", "state")
    def _compute_clients(self):
        lines = self.env["crm.client.bulk.line"]
        for bulk in self:
            if bulk.state == "draft" and bulk.source != "chosen":
                model, domain = bulk._conditions()
                bulk.clients = self.env[model].search_count(domain)
            else:
                bulk.clients = lines.search_count([("bulk_id", "=", bulk._origin.id)])

    @api.depends("changed", "unchanged", "refused", "state")
    def _compute_summary(self):
        for bulk in self:
            bulk.summary = self.env._(
                "Done: %(changed)s, unchanged: %(unchanged)s, refused: %(refused)s.",
                changed=bulk.changed,
                unchanged=bulk.unchanged,
                refused=bulk.refused,
            )

    @api.depends("action")
    def _compute_display_name(self):
        labels = dict(self._bulk_actions())
        for bulk in self:
            bulk.display_name = labels.get(bulk.action) or self.env._("Change a Group of Clients")

    # -- ORM ----------------------------------------------------------------------------------

    def write(self, vals):
        if not _CHOICES.isdisjoint(vals) and any(bulk.state != "draft" for bulk in self):
            raise UserError(
                self.env._("What was started is not changed any more. Choose the group anew.")
            )
        return super().write(vals)

    # -- actions ------------------------------------------------------------------------------

    def action_stop(self):
        """Stop after the present batch: who started it, and sales administrators."""
        self.check_access("read")
        if self.env.user.has_group("sales_team.group_sale_manager"):
            return super(CrmClientBulk, self.sudo()).action_stop()
        return super().action_stop()

    @api.model
    def action_open_new(self):
        """Choose a group by conditions, or by a saved filter.

        :return: window action
        """
        return self.with_context(default_source="domain", default_action="verify")._open_form()

    @api.model
    def _open_with(self, records):
        """Choose what is to be done with records of a list.

        :param records: clients or contacts
        :return: window action
        """
        if not records:
            raise UserError(self.env._("Choose the clients first."))
        bulk = self.create({"source": "chosen", "model": records._name, "action": "verify"})
        bulk._add_lines(records)
        return bulk._open_form()

    def _open_form(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Change a Group of Clients"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [[False, "form"]],
            "context": dict(self.env.context),
        }

    def action_open_lines(self):
        """Open the clients of the group, and what became of each."""
        self.ensure_one()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "sales_funnel_control.crm_client_bulk_line_action"
            ),
            "domain": [("bulk_id", "=", self.id)],
            "context": {"search_default_group_by_state": 1},
        }

    # -- the group ----------------------------------------------------------------------------

    def _conditions(self):
        """What is asked of whom, under the user's rules.

        :return: name of the model, and the domain on it
        :raise UserError: where the conditions cannot be read
        """
        model, text = self.model, self.domain or "[]"
        if self.source == "filter":
            model, text = self.filter_id.model_id, self.filter_id.domain
            if not self.filter_id:
                return "crm.client", Domain.FALSE
        if model not in dict(self._fields["model"].selection):
            raise UserError(self.env._("Choose a filter on clients or on contacts."))
        try:
            # A saved filter says "uid" or "context_today()", as the web client does.
            domain = Domain(safe_eval.safe_eval(text, self._evaluation_context()))
            domain.validate(self.env[model])
        except (AttributeError, SyntaxError, TypeError, ValueError, NameError) as error:
            raise UserError(
                self.env._("These conditions cannot be read: %(text)s", text=text)
            ) from error
        return model, domain

    def _evaluation_context(self):
        return {
            "uid": self.env.uid,
            "context_today": lambda: fields.Date.context_today(self),
            "datetime": safe_eval.datetime,
            "relativedelta": safe_eval.dateutil.relativedelta.relativedelta,
            "time": safe_eval.time,
        }

    def _records(self):
        """The clients or contacts that are meant, as far as the user may read them."""
        model, domain = self._conditions()
        return self.env[model].search(domain)

    def _partner_companies(self, records):
        """``{(id of the commercial partner, id of the company): id of the client or None}``."""
        if not records:
            return {}
        if records._name == "crm.client":
            return {
                (client.partner_id.id, client.company_id.id): client.id for client in records.sudo()
            }
        partner_ids = records.sudo().commercial_partner_id.ids
        known = self.env["crm.client"].sudo()
        known = known.search_fetch(
            [("partner_id", "in", partner_ids), ("company_id", "=", self.company_id.id)],
            ["partner_id"],
        )
        clients = {client.partner_id.id: client.id for client in known}
        company_id = self.company_id.id
        return {(partner_id, company_id): clients.get(partner_id) for partner_id in partner_ids}

    def _add_lines(self, records):
        """Fix the group; who is in it already stays there once."""
        found = self._partner_companies(records)
        if not found:
            return
        partners, companies = zip(*found, strict=True)
        self.env.flush_all()
        self.env.execute_query(
            SQL(
                """
                INSERT INTO crm_client_bulk_line (
                            bulk_id, partner_id, company_id, client_id, state,
                            create_uid, create_date, write_uid, write_date
                            )
                     SELECT %(bulk)s, partner_id, company_id, client_id, 'waiting',
                            %(uid)s, %(now)s, %(uid)s, %(now)s
                       FROM unnest(%(partners)s::int[], %(companies)s::int[], %(clients)s::int[])
                            AS meant(partner_id, company_id, client_id)
                ON CONFLICT (bulk_id, partner_id, company_id) DO NOTHING
                  RETURNING id
                """,
                bulk=self.id,
                partners=list(partners),
                companies=list(companies),
                clients=list(found.values()),
                uid=self.env.uid,
                now=fields.Datetime.now(),
            )
        )
        self.env["crm.client.bulk.line"].invalidate_model(flush=False)
        self.invalidate_recordset(["line_ids", "refused_line_ids"])

    @api.autovacuum
    def _gc_lines(self):
        """Forget choices that were never carried out, and old details of those that were."""
        now = fields.Datetime.now()
        self.search(
            [
                ("state", "=", "draft"),
                ("write_date", "<", now - timedelta(days=_DRAFTS_KEPT_DAYS)),
            ],
            limit=1000,
        ).unlink()
        self.env["crm.client.bulk.line"].search(
            [
                ("state", "in", ("done", "unchanged")),
                ("write_date", "<", now - timedelta(days=_KEPT_DAYS)),
            ],
            limit=100000,
        ).unlink()


class CrmClientBulkLine(models.Model):
    """A client of a group, and what became of it."""

    _name = "crm.client.bulk.line"
    _description = "Client of a Group"
    _order = "id"
    _rec_name = "partner_id"

    bulk_id = fields.Many2one("crm.client.bulk", required=True, readonly=True, ondelete="cascade")
    partner_id = fields.Many2one(
        "res.partner", "Client", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    client_id = fields.Many2one("crm.client", "Known as", readonly=True, ondelete="set null")
    state = fields.Selection(
        LINE_STATES, "What Became of It", required=True, readonly=True, default="waiting"
    )
    reason = fields.Char(readonly=True, help="Why it was refused.")

    _once_uniq = models.Constraint(
        "UNIQUE (bulk_id, partner_id, company_id)", "A client stands once in a group."
    )
    _partner_idx = models.Index("(partner_id)")
    _client_idx = models.Index("(client_id) WHERE client_id IS NOT NULL")
    _state_idx = models.Index("(bulk_id, state, id)")
