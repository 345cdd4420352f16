from typing import NamedTuple

from odoo import models


class Gap(NamedTuple):
    """What a lead misses to enter a stage.

    :param kind: ``lead``, ``client``, ``person`` (a field of these), ``basics``, ``questionnaire``,
        ``contact``, ``quotation``, or what nobody can fill in: ``skipped``, ``back``, ``trainee``
    :param key: field or kind of contact
    :param label: as people read it; a whole sentence where :attr:`is_rule`
    """

    stage_id: int
    kind: str
    key: str | None
    label: str

    @property
    def is_rule(self):
        return self.kind in ("skipped", "back", "trainee")


class Move(NamedTuple):
    """From a stage, or from nowhere, to another: ids."""

    start: int | None
    target: int


class CrmLead(models.Model):
    """What leads miss at the gates they come to."""

    _inherit = "crm.lead"

    def _gate_gaps(self, moves, given=(), former=None):
        """What is missing.

        :param dict moves: :class:`Move` by lead
        :param given: leads that came to a trainee
        :param dict former: place of the lead before the write, by id
        :return: list of :class:`Gap` by lead; leads that may pass are not in it
        """
        gates = self.env["crm.stage"]._gates()
        entered = {lead: lead._gates_entered(move, gates) for lead, move in moves.items()}
        facts = self._gate_facts({stage_id for ids in entered.values() for stage_id in ids}, gates)
        gaps = {}
        for lead in self:
            missing = [
                gap
                for stage_id in entered.get(lead, ())
                for gap in lead._gaps_at(stage_id, gates[stage_id], facts)
            ]
            if lead in moves:
                missing += lead._gaps_back(moves[lead], gates, (former or {}).get(lead.id))
            if lead in given:
                stage_id = moves[lead].target if lead in moves else lead.stage_id.id
                missing.append(lead._gap_of_trainee(stage_id))
            if missing:
                gaps[lead] = missing
        self._add_skipped(gaps, moves, entered, gates)
        return gaps

    def _gaps_before(self, stage):
        """What the leads would miss in ``stage``, as :meth:`_gate_gaps` says it."""
        moves = {
            lead: lead._move_from(lead.type == "opportunity" and lead.stage_id.id, stage.id)
            for lead in self
            if lead.stage_id != stage or lead.type != "opportunity"
        }
        return self._gate_gaps(moves, self.filtered(lambda lead: lead._is_beyond_trainee(stage.id)))

    def _move_from(self, start, target):
        """The move as the team's funnel sees it: from other funnels one comes from nowhere."""
        step = self.env["crm.stage"]._funnel(self.team_id.id).steps.get(start)
        return Move(start if step and step.is_member else None, target)

    def _gates_entered(self, move, gates):
        """Ids of the gated stages the lead enters or jumps over."""
        start, target = move
        funnel = self.env["crm.stage"]._funnel(self.team_id.id)
        if start and funnel.rank(target) and funnel.rank(start) >= funnel.rank(target):
            return ()
        jumped = funnel.between(start, target) if start else funnel.before(target)
        return tuple(stage_id for stage_id in (*jumped, target) if stage_id in gates)

    def _gate_facts(self, stage_ids, gates):
        """What is known of all leads from elsewhere: logged contacts and quotations."""
        entered = [gates[stage_id] for stage_id in stage_ids]
        kinds = {gate.contact_kind for gate in entered} - {None}
        facts = {"contacts": set(), "orders": {}, "with_products": set()}
        if kinds:
            rows = (
                self.env["crm.contact.log"]
                .sudo()
                ._read_group(
                    [
                        ("lead_id", "in", self.ids),
                        ("kind", "in", list(kinds)),
                        ("state", "=", "done"),
                        # Nobody need have answered when material is sent.
                        "|",
                        ("is_in_person", "=", True),
                        ("kind", "=", "material"),
                    ],
                    ["lead_id", "kind"],
                )
            )
            facts["contacts"] = {(lead.id, kind) for lead, kind in rows}
        if any(gate.asks_quotation or gate.asks_terms for gate in entered):
            orders = (
                self.env["sale.order"]
                .sudo()
                .search([("opportunity_id", "in", self.ids), ("state", "!=", "cancel")])
            )
            facts["orders"] = {
                lead.id: some for lead, some in orders.grouped("opportunity_id").items()
            }
            if any(gate.asks_terms for gate in entered):
                facts["with_products"] = self._with_products(orders)
        return facts

    def _with_products(self, orders):
        """Ids of the orders that say what is sold, and how much of it."""
        rows = (
            self.env["sale.order.line"]
            .sudo()
            ._read_group(
                [
                    ("order_id", "in", orders.ids),
                    ("display_type", "=", False),
                    ("product_id", "!=", False),
                    ("product_uom_qty", ">", 0),
                    ("is_downpayment", "=", False),
                ],
                ["order_id"],
            )
        )
        return {order.id for [order] in rows}

    # -- one lead at one gate -----------------------------------------------------------------

    def _gaps_at(self, stage_id, gate, facts):
        lead = self.sudo()
        for kind, record, names in (
            ("lead", lead, gate.lead_fields),
            ("client", lead._gate_client(), gate.client_fields),
            ("person", lead._gate_person(), gate.person_fields),
        ):
            for name in names:
                if not record[:1][name]:
                    yield Gap(stage_id, kind, name, self._gap_label(kind, record, name))
        if gate.asks_basics:
            yield from lead._gaps_of_basics(stage_id)
        if gate.asks_potential:
            yield from lead._gaps_of_potential(stage_id)
        if gate.asks_questionnaire and (questions := lead._questionnaire_gaps()):
            label = (
                self.env._("1 question of the questionnaire")
                if len(questions) == 1
                else self.env._("%(count)s questions of the questionnaire", count=len(questions))
            )
            yield Gap(stage_id, "questionnaire", None, label)
        kind = gate.contact_kind
        if kind and (self.id, kind) not in facts["contacts"]:
            selection = self.env["crm.contact.log"]._fields["kind"]
            name = dict(selection._description_selection(self.env))[kind]
            label = self.env._("a logged contact: %(kind)s", kind=name)
            yield Gap(stage_id, "contact", kind, label)
        if gate.asks_terms:
            yield from lead._gaps_of_terms(stage_id, gate.asks_order, facts)
        elif gate.asks_quotation and self.id not in facts["orders"]:
            yield Gap(stage_id, "quotation", None, self.env._("a quotation"))

    def _gap_label(self, kind, record, name):
        label = record._fields[name]._description_string(self.env)
        if kind == "client":
            return self.env._("%(field)s of the client", field=label)
        if kind == "person":
            return self.env._("%(field)s of the contact person", field=label)
        return label

    def _gate_client(self):
        """Who buys: the company, or the person who is the client."""
        return self.partner_id.commercial_partner_id

    def _gate_persons(self):
        """Contact persons of the client."""
        partner = self.partner_id
        if partner and not partner.is_company:
            return partner
        return partner.child_ids.filtered(
            lambda child: not child.is_company and child.type == "contact"
        ).sorted(lambda child: (not child.is_decision_maker, child.id))

    def _gate_person(self):
        """Whom we talk to: the contact of the deal, or the first who decides in the company."""
        return self._gate_persons()[:1]

    def _known_basics(self):
        """Which of name, address and phone are known."""
        client = self.partner_id | self._gate_client()
        return {
            "name": bool(client or self.partner_name or self.contact_name),
            "address": self._knows_address(),
            "phone": bool(self.phone or any(client.mapped("phone"))),
        }

    def _knows_address(self):
        places = [self, self.partner_id, self._gate_client()]
        return any(place.street or place.city for place in places)

    def _gaps_of_basics(self, stage_id):
        known = self._known_basics()
        if sum(known.values()) >= 2:
            return
        names = {
            "name": self.env._("name"),
            "address": self.env._("address"),
            "phone": self.env._("phone"),
        }
        missing = [names[key] for key, is_known in known.items() if not is_known]
        if len(missing) == 2:
            label = self.env._("%(one)s or %(other)s", one=missing[0], other=missing[1])
        else:
            label = self.env._("two of name, address and phone")
        yield Gap(stage_id, "basics", None, label)

    def _gaps_of_potential(self, stage_id):
        if not self._knows_address():
            yield Gap(stage_id, "lead", "street", self.env._("address"))
        persons = self._gate_persons()
        if not (self.contact_name or any(persons.mapped("name"))):
            yield Gap(stage_id, "lead", "contact_name", self.env._("contact person"))
        if not (self.function or any(persons.mapped("function"))):
            label = self.env._("position of the contact person")
            yield Gap(stage_id, "lead", "function", label)

    def _gaps_of_terms(self, stage_id, asks_order, facts):
        """What the quotation that comes nearest still lacks: volume, date, terms, agreement."""
        orders = facts["orders"].get(self.id)
        if not orders:
            label = self.env._("a quotation with products, a delivery date and payment terms")
            yield Gap(stage_id, "quotation", None, label)
            return
        found = [(order, self._missing_in(order, asks_order, facts)) for order in orders]
        order, missing = min(found, key=lambda pair: (len(pair[1]), -pair[0].id))
        if missing:
            label = self.env._(
                "%(things)s (quotation %(number)s)", things=", ".join(missing), number=order.name
            )
            yield Gap(stage_id, "quotation", None, label)

    def _missing_in(self, order, asks_order, facts):
        is_confirmed = order.state == "sale"
        client = self._gate_client().with_company(order.company_id)
        checks = [
            (order.id in facts["with_products"], self.env._("products with quantities")),
            # An order that is confirmed has a date of its own.
            (order.commitment_date or is_confirmed, self.env._("a delivery date")),
            (
                order.payment_term_id or client.property_payment_term_id,
                self.env._("payment terms"),
            ),
        ]
        if asks_order:
            checks.append((is_confirmed, self.env._("confirmation as an order")))
        return [label for is_there, label in checks if not is_there]
