import {registry} from "@web/core/registry";

registry.category("web_tour.tours").add("sales_funnel_control.workbook", {
    steps: () => [
        {
            content: "Choose the team",
            trigger: ".o_board_controls select[name=team]",
            run: "selectByLabel Test & Hunters",
        },
        {
            trigger: ".o_board_heading:contains(Test & Hunters)",
        },
        {
            content: "Show young entries, too",
            trigger: ".o_board_controls input[name=age]",
            run: "click",
        },
        {
            content: "The workbook has what the board shows",
            trigger: ".o_board_workbook[href*='age=all']",
            run: async ({anchor}) => {
                const answer = await fetch(anchor.href);
                const kind = answer.headers.get("Content-Type");
                const {size} = await answer.blob();
                if (!kind.includes("spreadsheetml") || size < 10000) {
                    throw new Error(`${answer.status} ${kind}, ${size} bytes`);
                }
            },
        },
        {
            content: "Download it",
            trigger: ".o_board_workbook",
            run: "click",
        },
        {
            content: "The board stays",
            trigger: ".o_board_heading:contains(Test & Hunters)",
        },
    ],
});
