import {_t} from "@web/core/l10n/translation";
import {cookie} from "@web/core/browser/cookie";
import {formatFloat} from "@web/core/utils/numbers";
import {getColor} from "@web/core/colors/colors";
import {percent, whole} from "../control_board/board_format";

export const CAUSES_DRAWN = 15;
const LABEL_LENGTH = 18;
const TICKS = [0, 20, 40, 60, 80, 100];
const VITAL_SHARE = 80;

export function share(value) {
    return `${formatFloat(value, {digits: [false, 1]})} %`;
}

function shortened(name) {
    return name.length > LABEL_LENGTH ? `${name.slice(0, LABEL_LENGTH - 1).trimEnd()}…` : name;
}

/** The causes left of where the line comes over the dashes are the few that matter. */
const vitalFew = {
    id: "vitalFew",
    beforeDatasetsDraw({canvas, chartArea, ctx, scales}) {
        const y = scales.yShare.getPixelForValue(VITAL_SHARE);
        ctx.save();
        ctx.strokeStyle = getComputedStyle(canvas).color;
        ctx.globalAlpha = 0.7;
        ctx.setLineDash([5, 4]);
        ctx.beginPath();
        ctx.moveTo(chartArea.left, y);
        ctx.lineTo(chartArea.right, y);
        ctx.stroke();
        ctx.restore();
    },
};

/**
 * The figure: refusals per cause, commonest first, and their running share. Both axes say the same
 * height: all refusals on the left are 100 % on the right.
 *
 * @param {Object} pareto
 * @param {Function} onCause called with the cause whose bar or point is clicked
 * @returns {Object} configuration for Chart.js
 */
export function paretoChart(pareto, onCause) {
    const causes = pareto.causes.slice(0, CAUSES_DRAWN);
    const [barColor, lineColor] = [0, 1].map((place) =>
        getColor(place, cookie.get("color_scheme"), "sm")
    );
    return {
        type: "bar",
        data: {
            labels: causes.map((cause) => cause.name),
            datasets: [
                {
                    label: _t("Refusals"),
                    data: causes.map((cause) => cause.count),
                    format: whole,
                    order: 1,
                    backgroundColor: barColor,
                    borderRadius: 2,
                    categoryPercentage: 0.86,
                    maxBarThickness: 72,
                },
                {
                    type: "line",
                    label: _t("Running share"),
                    data: causes.map((cause) => cause.running),
                    format: share,
                    yAxisID: "yShare",
                    backgroundColor: lineColor,
                    borderColor: lineColor,
                    borderWidth: 2,
                    pointRadius: 3,
                    // The last point stands on the edge.
                    clip: 8,
                },
            ],
        },
        options: {
            animation: false,
            maintainAspectRatio: false,
            responsive: true,
            events: ["click", "mousemove", "mouseout"],
            // Bars of rare causes are too low to be hit: the whole column counts.
            interaction: {mode: "index", intersect: false},
            onClick: (_ev, [element]) => {
                if (element) {
                    onCause(causes[element.index]);
                }
            },
            onHover: (ev, elements) => {
                ev.native.target.style.cursor = elements.length ? "pointer" : "default";
            },
            plugins: {
                legend: {display: false},
                tooltip: {
                    callbacks: {
                        label: ({dataset, raw}) => `${dataset.label}: ${dataset.format(raw)}`,
                    },
                },
            },
            scales: {
                x: {
                    grid: {display: false},
                    ticks: {
                        autoSkip: false,
                        maxRotation: 60,
                        callback: (_value, place) => shortened(causes[place].name),
                    },
                },
                y: {
                    min: 0,
                    max: pareto.total,
                    ticks: {precision: 0, includeBounds: false},
                },
                yShare: {
                    position: "right",
                    min: 0,
                    max: 100,
                    grid: {drawOnChartArea: false},
                    ticks: {callback: percent},
                    afterBuildTicks: (axis) => {
                        axis.ticks = TICKS.map((value) => ({value}));
                    },
                },
            },
        },
        plugins: [vitalFew],
    };
}
