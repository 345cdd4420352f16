import {expect, test} from "@odoo/hoot";
import {animationFrame, queryAllAttributes, queryAllTexts} from "@odoo/hoot-dom";
import {defineMailModels} from "@mail/../tests/mail_test_helpers";
import {
    contains,
    defineModels,
    fields,
    models,
    mountView,
    onRpc,
    patchWithCleanup,
} from "@web/../tests/web_test_helpers";
import {AnimatedNumber} from "@web/views/view_components/animated_number";

class Stage extends models.Model {
    _name = "crm.stage";

    name = fields.Char();
    is_won = fields.Boolean();

    _records = [
        {id: 1, name: "Client List"},
        {id: 2, name: "Acquaintance"},
        {id: 3, name: "Presentation"},
        {id: 4, name: "Payment", is_won: true},
    ];
}

class Lead extends models.Model {
    _name = "crm.lead";

    name = fields.Char();
    activity_state = fields.Char();
    expected_revenue = fields.Integer({aggregator: "sum"});
    stage_id = fields.Many2one({relation: "crm.stage"});

    _records = [
        {id: 1, name: "Alpha", stage_id: 1, expected_revenue: 10},
        {id: 2, name: "Beta", stage_id: 2, expected_revenue: 20},
        {id: 3, name: "Gamma", stage_id: 3, expected_revenue: 30},
        {id: 4, name: "Delta", stage_id: 4, expected_revenue: 40},
        {id: 5, name: "Epsilon", stage_id: 4, expected_revenue: 50},
    ];
}

defineModels([Lead, Stage]);
defineMailModels();

const RATES = {
    2: {entered: 1200, advanced: 1100, rate: 91.66, target: 100},
    3: {entered: 40, advanced: 0, rate: 0, target: false},
    4: {entered: 0, advanced: 0, rate: false, target: 80},
};
const RATE = ".o_kanban_counter .o_column_rate";

function mockRates(answer = () => RATES) {
    onRpc("crm.stage", "get_column_rates", ({args}) => {
        expect.step(args);
        return answer();
    });
}

async function mountPipeline(params = {}) {
    patchWithCleanup(AnimatedNumber, {enableAnimations: false});
    await mountView({
        type: "kanban",
        resModel: "crm.lead",
        groupBy: ["stage_id"],
        arch: `
            <kanban js_class="crm_kanban">
                <progressbar
                    field="activity_state"
                    colors='{"planned": "success"}'
                    sum_field="expected_revenue"
                />
                <templates>
                    <t t-name="card">
                        <field name="name" />
                    </t>
                </templates>
            </kanban>`,
        ...params,
    });
    await animationFrame();
}

test("columns show the conversion into their stages beside Odoo's own figures", async () => {
    mockRates();
    await mountPipeline();
    expect.verifySteps([[[1, 2, 3, 4], null]]);
    expect(queryAllTexts(RATE)).toEqual(["92% of 100%", "0%", "target 80%"]);
    expect(queryAllTexts(".o_kanban_counter .o_animated_number")).toEqual(["10", "20", "30", "90"]);
});

test("tooltips say in a sentence what the figures are", async () => {
    mockRates();
    await mountPipeline();
    expect.verifySteps([[[1, 2, 3, 4], null]]);
    expect(queryAllAttributes(RATE, "data-tooltip")).toEqual([
        "Conversion into Acquaintance this quarter: 1,100 of 1,200 entries came further, target 100%. Search filters do not change it.",
        "Conversion into Presentation this quarter: 0 of 40 entries came further. Search filters do not change it.",
        "Conversion into Payment this quarter: no entries yet, target 80%. Search filters do not change it.",
    ]);
});

test("rates are those of the team whose pipeline it is", async () => {
    mockRates();
    await mountPipeline({context: {default_team_id: 7}});
    expect.verifySteps([[[1, 2, 3, 4], 7]]);
});

test("nothing is asked for when columns are no stages", async () => {
    mockRates();
    await mountPipeline({groupBy: ["activity_state"]});
    expect.verifySteps([]);
    expect(RATE).toHaveCount(0);
});

test("nothing is asked for without columns", async () => {
    mockRates();
    await mountPipeline({groupBy: []});
    expect.verifySteps([]);
    expect(".o_kanban_record:not(.o_kanban_ghost)").toHaveCount(5);
});

test("a pipeline without rates is still a pipeline", async () => {
    mockRates(() => {
        throw new Error("Out of order");
    });
    await mountPipeline();
    expect.verifySteps([[[1, 2, 3, 4], null]]);
    expect(RATE).toHaveCount(0);
    expect(".o_kanban_record").toHaveCount(5);
});

test.tags("desktop");
test("rates are read anew when an opportunity comes into another column", async () => {
    const rates = {...RATES};
    mockRates(() => rates);
    await mountPipeline();
    expect.verifySteps([[[1, 2, 3, 4], null]]);

    rates[4] = {entered: 1, advanced: 1, rate: 100, target: 80};
    await contains(".o_kanban_record:contains(Gamma)").dragAndDrop(".o_kanban_group:eq(3)");
    await animationFrame();
    expect.verifySteps([[[1, 2, 3, 4], null]]);
    expect(queryAllTexts(RATE)).toEqual(["92% of 100%", "0%", "100% of 80%"]);
});

test.tags("desktop");
test("rates stay when an opportunity moves within its column", async () => {
    mockRates();
    await mountPipeline();
    expect.verifySteps([[[1, 2, 3, 4], null]]);

    await contains(".o_kanban_record:contains(Delta)").dragAndDrop(
        ".o_kanban_record:contains(Epsilon)"
    );
    await animationFrame();
    expect.verifySteps([]);
});
