import cf from 'cloudfront';

// Plinth's viewer-request function for files at /o/ (CloudFront runtime 2.0): where everybody
// may have them, they come from the bucket, by the key they have there. Those of merchants
// whose URLs are signed come from the origin, which checks the signature. Who these are is in
// the key-value store; where it can't be read, nobody is trusted. A browser that asks first what
// it may send (OPTIONS) is answered by the origin, too: the bucket would refuse.
const file = /^\/o\/([a-z0-9][a-z0-9._-]{0,127})\/([0-9a-f]{64})\/[a-z0-9][a-z0-9._-]*\.(glb|usdz|ktx2|webp|jpg|png|avif)$/;
const signed = cf.kvs();
const service = {{origins}}; // names; the second, where there is one, when the first fails

async function open(merchant) {
    try {
        return !await signed.exists(merchant);
    } catch (e) {
        return false;
    }
}

async function handler(event) {
    const request = event.request;
    const query = request.querystring;
    const parts = file.exec(request.uri);
    const kept = {};
    if (parts && request.method !== 'OPTIONS' && await open(parts[1])) {
        request.uri = '/rendition/' + parts[1] + '/' + parts[2];
    } else {
        if (service.length === 2) {
            cf.createRequestOriginGroup({ originIds: service.map((id) => ({ originId: id })), failoverCriteria: { statusCodes: {{codes}} } });
        } else {
            cf.selectRequestOriginById(service[0]);
        }
        if (query.exp) {
            kept.exp = query.exp;
        }
        if (query.sig) {
            kept.sig = query.sig;
        }
    }
    request.querystring = kept;
    return request;
}
