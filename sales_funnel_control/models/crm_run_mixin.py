from odoo import api, fields, models
from odoo.exceptions import UserError

RUN_STATES = [
    ("draft", "New"),
    ("running", "Running"),
    ("done", "Done"),
    ("cancelled", "Stopped"),
]


class CrmRunMixin(models.AbstractModel):
    """A run over leads in the background, batch by batch: it can be stopped and continued.

    Models that inherit it say which cron works their runs off, and how many leads remain.
    """

    _name = "crm.run.mixin"
    _description = "Run in the Background"
    _order = "id desc"
    # External id of the cron, within the addon.
    _run_cron = None

    state = fields.Selection(
        RUN_STATES,
        "Status",
        default="draft",
        required=True,
        readonly=True,
    )
    total = fields.Integer("Leads", readonly=True)
    done = fields.Integer("Gone Over", readonly=True)
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
            run.total = run.done + run._remaining_count()
            run.state = "running"
        if self:
            self._trigger_run()
        return True

    def action_stop(self):
        """Stop after the present batch. What is done stays done."""
        self.filtered(lambda run: run.state == "running").state = "cancelled"
        return True

    def _remaining_count(self):
        """How many leads the run still has to go over."""
        raise NotImplementedError

    def _trigger_run(self):
        self.env.ref(f"sales_funnel_control.{self._run_cron}")._trigger()
