import logging

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

_BATCH = 200

_logger = logging.getLogger(__name__)


class CrmProgramLaunch(models.Model):
    """A launch of a special program: its clients get it, batch by batch, each once.

    A client is put on the list first, and gets an opportunity or an activity then, so that a
    launch that is stopped in between goes on where it stood.
    """

    _name = "crm.program.launch"
    _inherit = "crm.run.mixin"
    _description = "Launch of a Special Program"
    _rec_name = "campaign_id"
    _run_cron = "ir_cron_launch_programs"

    campaign_id = fields.Many2one(
        "utm.campaign", "Program", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="campaign_id.company_id", store=True)
    user_id = fields.Many2one(
        "res.users",
        "Launched By",
        required=True,
        readonly=True,
        ondelete="restrict",
        help="Only clients this person may see get the program.",
    )
    total = fields.Integer("Clients", readonly=True)
    last_lead_id = fields.Integer("Last Client", readonly=True)

    _running_uniq = models.UniqueIndex(
        "(campaign_id) WHERE state = 'running'", "The program is being given out already."
    )

    def action_start(self):
        """Begin or go on; who was left out before is looked at again."""
        left_out = self.env["crm.program.member"].sudo()
        left_out = left_out.search(
            [("campaign_id", "in", self.campaign_id.ids), ("state", "=", "skipped")]
        )
        left_out.write({"state": "planned", "skip_reason": False})
        result = super().action_start()
        for launch in self:
            if launch.total - launch.done <= _BATCH:
                for _batch in launch._batches():
                    continue
        return result

    # -- working off --------------------------------------------------------------------------

    def _clients(self):
        """The clients, with the eyes of who launched."""
        return self.env["crm.client"].with_user(self.user_id).with_company(self.company_id)

    def _remaining_domain(self):
        """Clients who fit and are not on the list yet."""
        campaign = self.campaign_id
        if not campaign._chooses():
            return Domain.FALSE
        listed = self.env["crm.program.member"].sudo()
        listed = listed._search([("campaign_id", "=", campaign.id)])
        return (
            campaign.with_user(self.user_id).with_company(self.company_id)._chosen_domain()
            & Domain("partner_id", "not in", listed.subselect("partner_id"))
            & Domain("id", ">", self.last_lead_id)
        )

    def _remaining_count(self):
        planned = self.env["crm.program.member"].sudo()
        planned = planned.search_count(
            [("campaign_id", "=", self.campaign_id.id), ("state", "in", ("planned", "skipped"))]
        )
        return planned + self._clients().search_count(self._remaining_domain())

    @api.model
    def _cron_launch(self):
        """Work off the launches that are started, committing after every batch."""
        cron = self.env["ir.cron"]
        for launch in self.search([("state", "=", "running")], order="id"):
            try:
                for count in launch._batches():
                    if not cron._commit_progress(count, remaining=launch.state == "running"):
                        return
                    launch.invalidate_recordset(["state"])
            except OperationalError:
                # Somebody gives the same program, or stops it, at this moment: once more, anew.
                self.env.cr.rollback()
                self._trigger_run()
                return
            except UserError:
                # What stops one launch does not stop the others.
                self.env.cr.rollback()
                _logger.exception("The launch %s of a special program", launch.id)

    def _batches(self):
        """Do what is left of the launch; yields the number of clients of each batch."""
        while self.state == "running":
            listed = self._list_batch()
            members = self._planned_batch()
            members._give()
            self.done += len(members)
            if not listed and len(members) < _BATCH:
                self.state = "done"
            self.flush_recordset()
            yield len(members)

    def _list_batch(self):
        """Put the next clients who fit on the list.

        :return: how many fitted
        """
        clients = self._clients().search(self._remaining_domain(), order="id", limit=_BATCH)
        if clients:
            self.campaign_id._plan(clients.ids)
            self.last_lead_id = clients[-1].id
        return len(clients)

    def _planned_batch(self):
        """The next ones on the list, which nobody else gives the program to at this moment."""
        members = self.env["crm.program.member"].sudo()
        members.flush_model(["campaign_id", "state"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id
                  FROM crm_program_member
                 WHERE campaign_id = %s AND state = 'planned'
              ORDER BY id
                 LIMIT %s
                   FOR UPDATE SKIP LOCKED
                """,
                self.campaign_id.id,
                _BATCH,
            )
        )
        return members.browse([member_id for (member_id,) in rows])
