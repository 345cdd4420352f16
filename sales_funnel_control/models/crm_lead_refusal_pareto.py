from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools.misc import format_amount, formatLang

from ..tools import causes
from .crm_team_member import SALES_ROLES

_BY_DEFAULT = "cause_group"
# Periods are no causes: a search by week still shows the causes.
_DATES = ("refused_at", "week_start", "return_on", "returned_on", "exchanged_on")
_GROUPABLE = ("char", "many2one", "selection")


class CrmLeadRefusal(models.Model):
    """Causes of refusals: Pareto, and each manager's beside the team's."""

    _inherit = "crm.lead.refusal"

    @api.model
    @api.readonly
    def get_pareto(self, domain=(), group_by=None):
        """Why clients refused: the vital few causes, and who hears one more often than the team.

        Spam and duplicates are left out of all shares and counted apart.

        :param list domain: which refusals
        :param str group_by: what the refusals are told apart by: ``cause_group`` (without it),
            ``lost_reason_id``, ``real_cause``, ``competitor_id``, ``stage_id``, ``source_id`` or
            any other field of the register that is a choice or a link
        :return: the figures; shares are per cent (0-100).

            * ``group_by``, ``group_name``; ``total``, ``spam``, ``unreviewed``: counts
            * ``causes``: ``key``, ``name``, ``count``, ``share``, ``running`` (with the commoner
              ones before it), ``amount``, ``amount_text``, ``domain``, the commonest first
            * ``sees_colleagues``: whether the reader may compare managers at all
            * ``managers``: ``id``, ``name``, ``sales_role``, ``role_name``, ``total``, ``cells``
              (``cause``, ``observed``, ``expected`` by the shares of all managers of the role,
              ``expected_text``, ``verdict``: ``more``, ``as_team``, ``insufficient``,
              ``explanation``, ``domain``)
        :rtype: dict
        :raise UserError: where the refusals cannot be told apart by ``group_by``
        """
        group_by = self._pareto_group(group_by)
        # Who sees no team cannot be compared with one.
        sees_colleagues = self._sees_colleagues()
        chosen = self._pareto_domain(domain)
        counted = chosen & Domain("is_spam_or_duplicate", "!=", True)
        groups = self._read_group(counted, [group_by], ["__count", "amount:sum_currency"])
        names = {self._cause_key(cause): self._cause_name(group_by, cause) for cause, *_ in groups}
        amounts = {self._cause_key(cause): amount for cause, _count, amount in groups}
        shares = causes.pareto({self._cause_key(cause): count for cause, count, _amount in groups})
        return {
            "group_by": group_by,
            "group_name": self.fields_get([group_by], ["string"])[group_by]["string"],
            "total": sum(share.count for share in shares),
            "spam": self.search_count(chosen & Domain("is_spam_or_duplicate", "=", True)),
            "unreviewed": self.search_count(chosen & self._unreviewed_domain()),
            "causes": [
                {
                    "key": share.cause,
                    "name": names[share.cause],
                    "count": share.count,
                    "share": share.share,
                    "running": share.running,
                    "amount": amounts[share.cause],
                    "amount_text": format_amount(
                        self.env,
                        amounts[share.cause] or 0,
                        self.env.company.currency_id,
                        trailing_zeroes=False,
                    ),
                    "domain": list(counted & Domain(group_by, "=", share.cause)),
                }
                for share in shares
            ],
            "sees_colleagues": sees_colleagues,
            "managers": self._pareto_by_manager(counted, group_by, names)
            if sees_colleagues
            else [],
        }

    @api.model
    def _sees_colleagues(self):
        """Whether the reader's rules show the refusals of others than the reader."""
        user = self.env.user
        return bool(
            self.env.su
            or user.has_group("sales_team.group_sale_salesman_all_leads")
            or self.env["crm.team"].search_count([("user_id", "=", user.id)], limit=1)
        )

    def _pareto_group(self, group_by):
        group_by = group_by or _BY_DEFAULT
        if isinstance(group_by, str) and group_by.partition(":")[0] in _DATES:
            return _BY_DEFAULT
        field = self._fields.get(group_by) if isinstance(group_by, str) else None
        if not field or field.type not in _GROUPABLE or not self._is_groupable(field):
            raise UserError(
                self.env._(
                    "Refusals can be told apart by a choice or a link, not by “%s”.", group_by
                )
            )
        return group_by

    def _is_groupable(self, field):
        return self.fields_get([field.name], ["groupable"])[field.name]["groupable"]

    def _pareto_domain(self, domain):
        try:
            chosen = Domain(domain or Domain.TRUE)
            chosen.validate(self)
        except (TypeError, ValueError) as error:
            raise UserError(
                self.env._("This is no domain on refusals: %(problem)s", problem=error)
            ) from error
        return chosen

    @api.model
    def _unreviewed_domain(self):
        """Refusals that wait for a ruling."""
        return (
            Domain("state", "=", "new")
            & Domain("is_reconstructed", "=", False)
            & Domain("is_spam_or_duplicate", "!=", True)
        )

    @staticmethod
    def _cause_key(cause):
        return cause.id if isinstance(cause, models.BaseModel) else cause

    def _cause_name(self, group_by, cause):
        if isinstance(cause, models.BaseModel):
            return cause.display_name or self.env._("None given")
        if self._fields[group_by].type == "selection":
            labels = dict(self._fields[group_by]._description_selection(self.env))
            return labels.get(cause) or self.env._("None given")
        return cause or self.env._("None given")

    def _pareto_by_manager(self, counted, group_by, names):
        """Each manager's causes beside those of the colleagues in the same role."""
        groups = self._read_group(
            counted & Domain("user_id", "!=", False),
            ["user_id", "sales_role", group_by],
            ["__count"],
        )
        by_role = {}
        for user, role, cause, count in groups:
            by_role.setdefault(role, {})[user, self._cause_key(cause)] = count
        minimum = self.env["crm.control.board"]._rules().minimum
        labels = dict(self._fields["sales_role"]._description_selection(self.env))
        managers = []
        for role, counts in by_role.items():
            found = causes.excesses(counts, minimum)
            for user in dict.fromkeys(user for user, _cause in counts):
                total = sum(count for (who, _cause), count in counts.items() if who == user)
                own = counted & Domain("user_id", "=", user.id) & Domain("sales_role", "=", role)
                managers.append(
                    {
                        "id": user.id,
                        "name": user.sudo().name,
                        "sales_role": role or False,
                        "role_name": labels.get(role, ""),
                        "total": total,
                        "cells": [
                            {
                                "cause": key,
                                **self._pareto_cell(found[user, key], total, minimum),
                                "domain": list(own & Domain(group_by, "=", key)),
                            }
                            for key in names
                            if (user, key) in found
                        ],
                    }
                )
        order = [role for role, _label in SALES_ROLES]
        return sorted(
            managers,
            key=lambda line: (
                order.index(line["sales_role"]) if line["sales_role"] in order else len(order),
                -line["total"],
                line["name"],
            ),
        )

    def _pareto_cell(self, excess, total, minimum):
        expected = formatLang(self.env, excess.expected, digits=1)
        figures = {"observed": excess.observed, "total": total, "expected": expected}
        if excess.verdict == causes.INSUFFICIENT:
            explanation = self.env._(
                "%(observed)s of %(total)s refusals; %(minimum)s are needed to judge.",
                minimum=minimum,
                **figures,
            )
        elif excess.verdict == causes.MORE:
            explanation = self.env._(
                "%(observed)s of %(total)s refusals; with the team's share it would be "
                "%(expected)s: more, beyond chance.",
                **figures,
            )
        else:
            explanation = self.env._(
                "%(observed)s of %(total)s refusals; with the team's share it would be "
                "%(expected)s: the difference may be chance.",
                **figures,
            )
        return {
            "observed": excess.observed,
            "expected": excess.expected,
            "expected_text": expected,
            "verdict": excess.verdict,
            "explanation": explanation,
        }
