import logging

from psycopg2 import OperationalError

from odoo import api, fields, models

_logger = logging.getLogger(__name__)

_BATCH = 1000


class CrmLeadClassRun(models.Model):
    """A run over the leads in work that proposes their classes anew, in the background."""

    _name = "crm.lead.class.run"
    _inherit = "crm.run.mixin"
    _description = "Proposing Lead Classes"
    _rec_name = "create_date"
    _run_cron = "ir_cron_propose_classes"

    changed = fields.Integer(readonly=True, help="Leads that have another class than before.")
    failed = fields.Integer(
        readonly=True,
        help="Leads whose class could not be proposed and is as before. The log says why.",
    )

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

    def _remaining_count(self):
        return self._leads().search_count(self._remaining_domain())

    @api.model
    def _cron_propose(self):
        """Work off the runs that are started, committing after every batch."""
        cron = self.env["ir.cron"]
        for run in self.search([("state", "=", "running")], order="id"):
            while run.state == "running":
                leads = run._leads().search(run._remaining_domain(), order="id", limit=_BATCH)
                if leads:
                    try:
                        changed, failed = run._propose_batch(leads)
                    except OperationalError:
                        # Somebody writes the same leads at this moment: once more, anew.
                        self._trigger_run()
                        return
                    run.write(
                        {
                            "changed": run.changed + changed,
                            "failed": run.failed + failed,
                            "done": run.done + len(leads),
                            "last_lead_id": leads[-1].id,
                        }
                    )
                if len(leads) < _BATCH:
                    run.state = "done"
                if not cron._commit_progress(len(leads), remaining=run.state == "running"):
                    return
                run.invalidate_recordset(["state"])

    def _propose_batch(self, leads):
        """Propose the classes of a batch; lead by lead where one of them fails.

        :return: how many leads got another class, and how many failed
        :raise OperationalError: where others write the same leads; nothing is changed then
        """
        try:
            with self.env.cr.savepoint():
                return leads._propose_class(), 0
        except OperationalError:
            raise
        except Exception:
            _logger.exception("Proposing classes lead by lead, since the batch failed")
        changed, failed = 0, []
        with self.env.cr.savepoint():
            for lead in leads:
                try:
                    with self.env.cr.savepoint():
                        changed += lead._propose_class()
                except OperationalError:
                    raise
                except Exception as error:
                    failed.append(f"{lead.id} ({error})")
        if failed:
            _logger.error("No class could be proposed for the leads %s", ", ".join(failed))
        return changed, len(failed)
