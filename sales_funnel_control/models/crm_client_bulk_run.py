import logging
from collections import defaultdict

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

_logger = logging.getLogger(__name__)

# So many are changed while the user waits; more in the background.
_AT_ONCE = 300
_BATCH = 500


class CrmClientBulk(models.Model):
    """Going over a group: a small one at once, a big one in the background, batch by batch."""

    _inherit = "crm.client.bulk"

    # -- actions ------------------------------------------------------------------------------

    def action_start(self):
        """Fix the group and change it; a big one in the background.

        :return: whether there is nothing left to be said: the form shows the summary
        :raise UserError: where nobody is meant, or what is to be done is not complete
        """
        for bulk in self:
            if bulk.create_uid != self.env.user:
                raise UserError(
                    self.env._("Only who chose this group can start what is to be done with it.")
                )
            if bulk.state == "draft":
                bulk._check_complete()
                if bulk.source != "chosen":
                    bulk._add_lines(bulk._records())
                if not bulk._remaining_count():
                    raise UserError(self.env._("No client is meant. Choose other conditions."))
        result = super().action_start()
        for bulk in self.filtered(lambda bulk: bulk.total <= _AT_ONCE):
            bulk.sudo()._go_over_batch(_AT_ONCE)
        return result

    def _check_complete(self):
        """Whether it is said who or what the clients are to get."""
        missing = {
            "farmer": not self.farmer_id and self.env._("Choose the farmer."),
            "add_tag": not self.tag_id and self.env._("Choose the tag."),
            "remove_tag": not self.tag_id and self.env._("Choose the tag."),
            "category": not (self.category and (self.category_reason or "").strip())
            and self.env._("Choose the category, and say why."),
            "program": not self.campaign_id and self.env._("Choose the special program."),
        }.get(self.action)
        if missing:
            raise UserError(missing)

    # -- the run ------------------------------------------------------------------------------

    def _remaining_count(self):
        return self.env["crm.client.bulk.line"].sudo().search_count(self._waiting_domain())

    def _waiting_domain(self):
        return [("bulk_id", "=", self.id), ("state", "=", "waiting")]

    @api.model
    def _cron_change(self):
        """Work off the groups that are started, committing after every batch."""
        cron = self.env["ir.cron"]
        for bulk in self.search([("state", "=", "running")], order="id"):
            while bulk.state == "running":
                try:
                    count = bulk._go_over_batch(_BATCH)
                except OperationalError:
                    # Somebody writes the same clients at this moment: once more, anew.
                    self.env.cr.rollback()
                    bulk._trigger_run()
                    return
                if not cron._commit_progress(count, remaining=bulk.state == "running"):
                    return
                bulk.invalidate_recordset(["state"])

    def _go_over_batch(self, limit):
        """Change the next clients of the group, and note what became of each.

        :return: how many were gone over
        :raise OperationalError: where others write the same clients; nothing is changed then
        """
        lines = self.env["crm.client.bulk.line"].sudo()
        lines = lines.search(self._waiting_domain(), order="id", limit=limit)
        changed, refused = self._apply(lines)
        self._note(lines, changed, refused)
        self.write(
            {
                "done": self.done + len(lines),
                "changed": self.changed + len(changed),
                "refused": self.refused + len(refused),
                "unchanged": self.unchanged + len(lines) - len(changed) - len(refused),
                "state": "running" if self._remaining_count() else "done",
            }
        )
        return len(lines)

    def _apply(self, lines):
        """Do what is to be done, with the rights of who started.

        :return: lines that were changed, and ``{line: reason}``
        """
        user = self.create_uid
        reader = self.with_user(user).with_context(
            allowed_company_ids=user.company_ids.ids, lang=user.lang, mail_notrack=True
        )
        refused = self._refused_at_once(lines, reader)
        clients = reader.env["crm.client"].browse(
            (lines - lines.browse(line.id for line in refused)).client_id.ids
        )
        done, reasons = reader._apply_safely(clients)
        line_of = {line.client_id.id: line for line in lines if line.client_id}
        reason_of = {(partner.id, company): why for partner, company, why in reasons}
        for client in clients.sudo():
            why = reason_of.get((client.partner_id.id, client.company_id.id))
            if why:
                refused[line_of[client.id]] = why
        changed = lines.browse(line_of[client.id].id for client in done)
        return changed, refused

    def _apply_safely(self, clients):
        """Apply the action to all, or one by one where that fails.

        :return: the clients changed, and ``(partner, id of the company, reason)`` of the others
        """
        apply = getattr(self, f"_apply_{self.action}")
        if not clients:
            return clients, []
        try:
            with self.env.cr.savepoint():
                return self._by_company(apply, clients)
        except OperationalError:
            raise
        except Exception as error:
            _logger.info("Changing a group client by client, since it failed: %s", error)
        done, reasons = clients.browse(), []
        for client in clients:
            try:
                with self.env.cr.savepoint():
                    changed, why = self._by_company(apply, client)
                done |= changed
                reasons += why
            except OperationalError:
                raise
            except Exception as error:
                known = client.sudo()
                text = " ".join(str(each) for each in error.args) or repr(error)
                reasons.append((known.partner_id, known.company_id.id, text))
        return done, reasons

    @staticmethod
    def _by_company(apply, clients):
        """Apply company by company: a partner may be a client of several."""
        done, reasons = clients.browse(), []
        for company, theirs in clients.sudo().grouped("company_id").items():
            changed, refused = apply(clients.browse(theirs.ids).with_company(company))
            done |= clients.browse(changed.ids)
            reasons += [(partner, company.id, why) for partner, why in refused.items()]
        clients.env.flush_all()
        return done, reasons

    def _refused_at_once(self, lines, reader):
        """``{line: reason}`` of those that no action is for."""
        readable = reader.env["crm.client"].browse(lines.client_id.ids)._filtered_access("read")
        blacklisted = lines.partner_id._sales_blacklisted()
        refused = {}
        for line in lines:
            if not line.client_id:
                refused[line] = reader.env._(
                    "No client of %(company)s: no deal, no order, no farmer in charge",
                    company=line.company_id.name,
                )
            elif line.client_id.id not in readable.ids:
                refused[line] = reader.env._("The client of another manager")
            elif line.partner_id in blacklisted:
                refused[line] = reader.env._("Blacklisted: nobody works with this client")
        return refused

    def _note(self, lines, changed, refused):
        """Write what became of the lines, in one statement."""
        by_state = defaultdict(list)
        for line in lines:
            state = "refused" if line in refused else "unchanged"
            by_state["done" if line in changed else state].append(line)
        rows = [
            (line.id, state, refused.get(line))
            for state, theirs in by_state.items()
            for line in theirs
        ]
        if not rows:
            return
        ids, states, reasons = zip(*rows, strict=True)
        self.env["crm.client.bulk.line"].flush_model()
        self.env.execute_query(
            SQL(
                """
                UPDATE crm_client_bulk_line line
                   SET state = noted.state, reason = noted.reason, write_date = %s
                  FROM unnest(%s::int[], %s::varchar[], %s::varchar[])
                       AS noted(id, state, reason)
                 WHERE line.id = noted.id
             RETURNING line.id
                """,
                fields.Datetime.now(),
                list(ids),
                list(states),
                list(reasons),
            )
        )
        lines.invalidate_recordset(["state", "reason"], flush=False)
        self.invalidate_recordset(["refused_line_ids"], flush=False)
