// Plinth's viewer-request function for CloudFront (runtime 2.0): it reduces what a request
// says of its device to one of a few cache keys. Made by "plinth edge" from the origin's
// own table; change that, not this.
const table = {{table}};
const whole = /{{whole}}/;
const decimal = /{{decimal}}/;

// The value of a header field that occurs once; of one that occurs more often none counts.
function single(headers, name) {
    const field = headers[name];
    if (!field || field.multiValue && field.multiValue.length !== 1) {
        return '';
    }
    return field.value;
}

// The first value of a query parameter, as it stands in the URL.
function parameter(query, name) {
    const found = query[name];
    if (!found) {
        return '';
    }
    return found.multiValue && found.multiValue.length > 0 ? found.multiValue[0].value : found.value;
}

// What the pattern matches; all else is NaN, which no comparison holds for.
function number(text, pattern) {
    return pattern.test(text) ? Number(text) : NaN;
}

// The number in the first of the fields that has one.
function hint(headers, names) {
    for (let i = 0; i < names.length; i++) {
        const n = number(single(headers, names[i]), decimal);
        if (!isNaN(n)) {
            return n;
        }
    }
    return NaN;
}

function heightOf(headers, query) {
    const asked = number(parameter(query, 'h'), whole);
    if (asked > 0) {
        return asked;
    }
    const hinted = hint(headers, [table.viewport]) * hint(headers, table.ratio);
    if (hinted >= 1) {
        return hinted;
    }
    for (let i = 0; i < table.viewers.length; i++) {
        if (single(headers, table.viewers[i].field) === 'true') {
            return table.viewers[i].height;
        }
    }
    return table.default;
}

function roundUp(height) {
    for (let i = table.heights.length - 1; i >= 0; i--) {
        if (height <= table.heights[i]) {
            return table.heights[i];
        }
    }
    return table.heights[0];
}

function lite(headers, query) {
    const asked = parameter(query, 'lite');
    if (asked === '1' || asked === '0') {
        return asked === '1';
    }
    return single(headers, table.saveData).toLowerCase() === 'on' ||
        table.slow.indexOf(single(headers, table.network)) >= 0 ||
        hint(headers, table.memory) <= table.small;
}

function handler(event) {
    const request = event.request;
    const headers = request.headers;
    const query = request.querystring;
    const kept = {};
    delete headers[table.class];
    // A manifest is the same for every device.
    if (request.uri.indexOf('/p/') === 0 && request.uri.slice(-5) !== '.json') {
        const key = roundUp(heightOf(headers, query)) + (lite(headers, query) ? '-lite' : '');
        headers[table.class] = { value: key };
        const form = parameter(query, 'form');
        if (table.forms.indexOf(form) > 0) {
            kept.form = { value: form };
        }
    }
    // A signed URL keeps what it is signed with; the origin judges it.
    if (query.exp) {
        kept.exp = query.exp;
    }
    if (query.sig) {
        kept.sig = query.sig;
    }
    request.querystring = kept;
    return request;
}
