import {expect, test} from "@odoo/hoot";
import {advanceTime, animationFrame, Deferred, queryAllTexts} from "@odoo/hoot-dom";
import {defineMailModels} from "@mail/../tests/mail_test_helpers";
import {
    contains,
    defineModels,
    fields,
    getService,
    models,
    mountView,
    mountWithCleanup,
    onRpc,
} from "@web/../tests/web_test_helpers";
import {WebClient} from "@web/webclient/webclient";

class TimeStudy extends models.Model {
    _name = "crm.time.study";

    name = fields.Char();

    _records = [{id: 7, name: "Ivanov"}];
}

defineModels([TimeStudy]);
defineMailModels();

const DOCUMENTS = {
    id: 1,
    name: "Documents",
    icon: "fa-file",
    color: 3,
    total: "",
    is_running: false,
};
const CALLS = {id: 2, name: "Calls", icon: "fa-phone", color: 4, total: "39 min", is_running: true};
const RUNNING = {
    id: 12,
    kind_id: 2,
    name: "Calls",
    icon: "fa-phone",
    since: "09:21",
    duration: "39 min",
    note: "",
};

function makeDay(changes) {
    return {
        study: {id: 7, days: "", today: "05/18/2026", purpose: "Why so few?", is_last_day: false},
        running: RUNNING,
        kinds: [DOCUMENTS, CALLS],
        notes: [
            {
                id: 13,
                name: "Documents",
                span: "",
                duration: "15 min",
                note: "",
                is_forgotten: false,
                may_remove: true,
            },
            {
                id: 12,
                name: "Calls",
                span: "09:21–",
                duration: "39 min",
                note: "List of May",
                is_forgotten: true,
                may_remove: false,
            },
        ],
        total: "54 min",
        now: "By the timetable: “Calls” (9:20–11:00)",
        upcoming: "",
        ...changes,
    };
}

async function openDay(answer = () => makeDay()) {
    onRpc("crm.time.study", "*", ({method, args}) => {
        expect.step([method, ...args]);
        return answer(method);
    });
    await mountWithCleanup(WebClient);
    await getService("action").doAction({
        type: "ir.actions.client",
        tag: "sales_funnel_control.my_working_day",
    });
    expect.verifySteps([["get_my_day"]]);
}

function texts(selector) {
    return queryAllTexts(selector).map((text) => text.replace(/\s+/g, " "));
}

test("the page says what the payload says", async () => {
    await openDay();
    expect(texts(".o_working_day_running")).toEqual(["Calls since 09:21 · 39 min Stop"]);
    expect(texts(".o_working_day_kind")).toEqual(["Documents", "Calls 39 min"]);
    expect(".o_working_day_kind[aria-pressed=true]").toHaveText(/Calls/);
    expect(texts(".o_working_day_notes li")).toEqual([
        "+ Documents 15 min",
        "09:21– Calls List of May Forgotten: ended with the working day 39 min",
    ]);
    expect(".o_working_day_notes h2").toHaveText(/54 min/);
    expect(".o_working_day_plan").toHaveText("By the timetable: “Calls” (9:20–11:00)");
    expect(".o_working_day_notes button").toHaveCount(1);
    expect(".o_working_day_finish").toHaveCount(0);
});

test("one tap starts, one stops", async () => {
    await openDay((method) =>
        makeDay(method === "stop_kind" ? {running: false, kinds: [DOCUMENTS]} : {})
    );
    await contains(".o_working_day_kind:contains(Documents)").click();
    await contains(".o_working_day_stop").click();
    expect.verifySteps([["start_kind", 1], ["stop_kind"]]);
    expect(".o_working_day_now").toHaveText(/The clock is stopped/);
    expect(".o_working_day_note").toHaveCount(0);
});

test("taps while one is under way are dropped", async () => {
    const slow = new Deferred();
    await openDay((method) => (method === "start_kind" ? slow : makeDay()));
    await contains(".o_working_day_kind:contains(Documents)").click();
    await contains(".o_working_day_kind:contains(Calls)").click();
    expect(".o_working_day_page").toHaveAttribute("aria-busy", "true");
    slow.resolve(makeDay());
    await animationFrame();
    expect.verifySteps([["start_kind", 1]]);
    expect(".o_working_day_page").toHaveAttribute("aria-busy", "false");
});

test("fifteen minutes more, and back", async () => {
    await openDay();
    await contains(".o_working_day_add").click();
    expect(texts(".o_working_day_kind")).toEqual(["Documents +15 min", "Calls +15 min"]);
    await contains(".o_working_day_kind:contains(Documents)").click();
    expect(".o_working_day_adding").toHaveCount(0);
    await contains(".o_working_day_notes button").click();
    expect.verifySteps([
        ["add_quarter", 1],
        ["remove_note", 13],
    ]);
    await contains(".o_working_day_add").click();
    await contains(".o_working_day_add").click();
    expect(".o_working_day_adding").toHaveCount(0);
    expect.verifySteps([]);
});

test("a word on what is done", async () => {
    await openDay();
    await contains(".o_working_day_note").edit("List of May");
    expect.verifySteps([["set_note", 12, "List of May"]]);
});

test("each minute the clock is read again; a lost network is no error", async () => {
    let isLost = false;
    await openDay(() => {
        if (isLost) {
            throw new Error("The network is away");
        }
        return makeDay();
    });
    await advanceTime(60000);
    expect.verifySteps([["get_my_day"]]);
    isLost = true;
    await advanceTime(60000);
    expect.verifySteps([["get_my_day"]]);
    expect(".o_working_day_running").toHaveCount(1);
});

test("the last day can be finished", async () => {
    const study = {...makeDay().study, is_last_day: true};
    let isDone = false;
    await openDay((method) => {
        isDone = isDone || method === "action_finish";
        return isDone ? {study: false, upcoming: "Nobody studies your time."} : makeDay({study});
    });
    await contains(".o_working_day_finish").click();
    expect.verifySteps([["action_finish", 7], ["get_my_day"]]);
    expect(".o_working_day_idle p").toHaveText("Nobody studies your time.");
});

const RESULT = {
    headline: "Calls: 3 h less than planned.",
    rows: [
        {
            name: "Calls",
            color: 4,
            planned_text: "5 h",
            spent_text: "2 h",
            difference_text: "−3 h",
            planned_width: 100,
            spent_width: 40,
            verdict: "less",
        },
        {
            name: "Documents",
            color: 3,
            planned_text: "–",
            spent_text: "20 min",
            difference_text: "+20 min",
            planned_width: 0,
            spent_width: 7,
            verdict: "as_planned",
        },
    ],
    total: {
        name: "Total",
        planned_text: "5 h",
        spent_text: "2 h 20 min",
        difference_text: "−2 h 40 min",
    },
    days: ["Mon 18 May", "Tue 19 May"],
    contacts: [
        {name: "Outgoing Call", counts: [2, 1], total: 3},
        {name: "All contacts", counts: [2, 1], total: 3},
    ],
    remarks: ["The study goes on."],
};

async function openResult(result = RESULT) {
    onRpc("crm.time.study", "get_result", ({args}) => {
        expect.step(args);
        return result;
    });
    await mountView({
        type: "form",
        resModel: "crm.time.study",
        resId: 7,
        arch: `<form><field name="name"/><widget name="time_study_result"/></form>`,
    });
    expect.verifySteps([[[7]]]);
}

test("the result says what the payload says", async () => {
    await openResult();
    expect(".o_time_study_headline").toHaveText("Calls: 3 h less than planned.");
    expect(texts(".o_time_study_time tbody tr")).toEqual([
        "Calls 5 h 2 h ▼ −3 h",
        "Documents – 20 min +20 min",
    ]);
    expect(texts(".o_time_study_time tfoot tr")).toEqual(["Total 5 h 2 h 20 min −2 h 40 min"]);
    expect(texts(".o_time_study_contacts tr")).toEqual([
        "Contacts logged Mon 18 May Tue 19 May Total",
        "Outgoing Call 2 1 3",
        "All contacts 2 1 3",
    ]);
    expect(".o_time_study_result").toHaveText(/The study goes on/);
});

test("a result without notes and contacts", async () => {
    await openResult({...RESULT, rows: [], contacts: []});
    expect(".o_time_study_time").toHaveCount(0);
    expect(".o_time_study_result").toHaveText(/No contact with a client was logged/);
});

test("the result is read again when the study is saved", async () => {
    onRpc("crm.time.study", "web_save", () => expect.step("save"));
    await openResult();
    await contains(".o_field_widget[name=name] input").edit("Ivanov, again");
    expect.verifySteps([]);
    await contains(".o_form_button_save").click();
    await animationFrame();
    await animationFrame();
    expect.verifySteps(["save", [[7]]]);
});
