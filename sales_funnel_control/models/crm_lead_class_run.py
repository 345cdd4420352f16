from odoo import api, fields, models
from odoo.exceptions import UserError

_BATCH = 1000


class CrmLeadClassRun(models.Model):
    """A run over the leads in work that proposes their classes anew, in the background."""

    _name = "crm.lead.class.run"
    _description = "Proposing Lead Classes"
    _order = "id desc"
    _rec_name = "create_date"

    state = fields.Selection(
        [
            ("draft", "New"),
            ("running", "Running"),
            ("done", "Done"),
            ("cancelled", "Stopped"),
        ],
        "Status",
        default="draft",
        required=True,
        readonly=True,
    )
    total = fields.Integer("Leads", readonly=True)
    done = fields.Integer("Gone Over", readonly=True)
    changed = fields.Integer(
        "Changed", readonly=True, help="Leads that have another class than before."
    )
    last_lead_id = fields.Integer(readonly=True)
    progress = fields.Float("Progress, %", compute="_compute_progress")

    @api.depends("total", "done", "state")
    def _compute_progress(self):
        for run in self:
            finished = run.state == "done"
            run.progress = 100 * run.done / run.total if run.total else 100 * finished

    def action_start(self):
        """Begin, or go on after a stop where the run stood."""
        for run in self:
            if run.state in ("running", "done"):
                raise UserError(self.env._("This run has been started already."))
            run.total = run.done + run._leads().search_count(run._remaining_domain())
            run.state = "running"
        self.env.ref("sales_funnel_control.ir_cron_propose_classes")._trigger()
        return True

    def action_stop(self):
        """Stop after the present batch. Classes that are proposed stay so."""
        self.filtered(lambda run: run.state == "running").state = "cancelled"
        return True

    @api.model
    def _open_new(self):
        """The window of a run that is not started yet."""
        run = self.search([("state", "=", "draft")], limit=1) or self.create({})
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Propose Classes Anew"),
            "res_model": self._name,
            "res_id": run.id,
            "views": [(False, "form")],
            "target": "current",
        }

    def _leads(self):
        return self.env["crm.lead"].sudo().with_context(mail_notrack=True)

    def _remaining_domain(self):
        return [
            ("id", ">", self.last_lead_id),
            ("won_status", "=", "pending"),
            ("lead_class_is_manual", "=", False),
        ]

    @api.model
    def _cron_propose(self):
        """Work off the runs that are started, committing after every batch."""
        cron = self.env["ir.cron"]
        for run in self.search([("state", "=", "running")], order="id"):
            while run.state == "running":
                leads = run._leads().search(run._remaining_domain(), order="id", limit=_BATCH)
                if leads:
                    run.write(
                        {
                            "changed": run.changed + leads._propose_class(),
                            "done": run.done + len(leads),
                            "last_lead_id": leads[-1].id,
                        }
                    )
                if len(leads) < _BATCH:
                    run.state = "done"
                if not cron._commit_progress(len(leads), remaining=run.state == "running"):
                    return
                run.invalidate_recordset(["state"])
