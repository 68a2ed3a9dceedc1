using System.Net;
using System.Text;
using Fovea.Api.Tests.Hosting;
using Fovea.Api.Tests.Problems;

namespace Fovea.Api.Tests.Classification;

public sealed class RefusalTests(SharedService shared)
{
    private static readonly Dictionary<string, (string Path, HttpContent? Body, int Status, string Code, string Named)> Cases = new()
    {
        ["No body"] = ("/classify/lenet5", null, 400, "empty_body", "no body"),
        ["Empty body declared as an image"] = ("/classify/lenet5", Array.Empty<byte>().As("image/png"), 400, "empty_body", "no body"),
        ["Text declared as text"] = ("/classify/lenet5", Text("hello", "text/plain"), 415, "unsupported_media_type", "text/plain"),
        ["An image declared as text"] = ("/classify/lenet5", Images.Digit.As("text/plain"), 415, "unsupported_media_type", "text/plain"),
        ["An image declared as XML"] = (
            "/classify/lenet5", Images.Digit.As("application/xml"), 415, "unsupported_media_type", "application/xml"),
        ["Text declared as an image"] = ("/classify/lenet5", Text("hello", "image/png"), 422, "not_an_image", "5 bytes"),
        ["Text not declared"] = ("/classify/lenet5", Encoding.UTF8.GetBytes("hello").As(null), 422, "not_an_image", "5 bytes"),
        ["A truncated PNG"] = ("/classify/lenet5", Images.TruncatedPng.As("image/png"), 422, "damaged_image", "PNG"),
        ["A PNG of 100 megapixels"] = (
            "/classify/lenet5", Images.Blank(10_000, 10_000).As("image/png"), 422, "too_many_pixels", "100,000,000 pixels"),
        ["An unknown model"] = ("/classify/resnet", Images.Digit.As("image/png"), 404, "unknown_model", "expected one of lenet5"),
        ["A model named like a folder above"] = (
            "/classify/..%2flenet5", Images.Digit.As("image/png"), 404, "unknown_model", "..%2flenet5"),
        ["A model in another case"] = ("/classify/LeNet5", Images.Digit.As("image/png"), 404, "unknown_model", "LeNet5"),
        ["An unknown version"] = (
            "/classify/lenet5/versions/3", Images.Digit.As("image/png"), 404, "unknown_model", "expected one of 1, 2"),
        ["A version that is not a number"] = (
            "/classify/lenet5/versions/one", Images.Digit.As("image/png"), 404, "unknown_model", "version one"),
        ["A version with a leading zero"] = (
            "/classify/lenet5/versions/01", Images.Digit.As("image/png"), 404, "unknown_model", "version 01"),
        ["top of 0"] = (
            "/classify/lenet5?top=0",
            Images.Digit.As("image/png"),
            400,
            "malformed_request",
            "top is 0; expected a whole number from 1 to 10"),
        ["A negative top"] = ("/classify/lenet5?top=-1", Images.Digit.As("image/png"), 400, "malformed_request", "top is -1"),
        ["top that is no number"] = ("/classify/lenet5?top=five", Images.Digit.As("image/png"), 400, "malformed_request", "top is five"),
        ["An unknown route"] = ("/classify", Images.Digit.As("image/png"), 404, "unknown_route", "/classify"),
        ["A route that cannot be posted to"] = ("/models", Images.Digit.As("image/png"), 405, "unknown_route", "expected GET"),
        ["JSON that breaks off"] = ("/classify/lenet5", Json("""{"image": """), 400, "malformed_request", "not JSON"),
        ["JSON with something behind it"] = ("/classify/lenet5", Json("""{"image": "AAAA"} {"""), 400, "malformed_request", "not JSON"),
        ["JSON that is broken behind the image"] = (
            "/classify/lenet5", Json("""{"image": "AAAA", """), 400, "malformed_request", "not JSON"),
        ["JSON that nests too deeply"] = (
            "/classify/lenet5", Json($"{{\"x\": {new string('[', 200)}"), 400, "malformed_request", "not JSON"),
        ["JSON without an image"] = ("/classify/lenet5", Json("""{"picture": "AAAA"}"""), 400, "malformed_request",
            "no property image with a text"),
        ["JSON with a number for an image"] = (
            "/classify/lenet5", Json("""{"image": 7}"""), 400, "malformed_request", "no property image with a text"),
        ["A JSON list"] = ("/classify/lenet5", Json("""["AAAA"]"""), 400, "malformed_request", "no property image with a text"),
        ["Empty JSON"] = ("/classify/lenet5", Json(""), 400, "empty_body", "no body"),
        ["JSON with an empty image"] = ("/classify/lenet5", Json("""{"image": ""}"""), 400, "empty_body", "empty"),
        ["Broken base64"] = ("/classify/lenet5", Json("""{"image": "A"}"""), 400, "malformed_request", "not base64"),
        ["A data URL of no image"] = ("/classify/lenet5", Json("""{"image": "data:image/png;base64,AAAA"}"""), 422, "not_an_image",
            "3 bytes"),
        ["A data URL that is not base64"] = ("/classify/lenet5", Json("""{"image": "data:image/png,AAAA"}"""), 400, "malformed_request",
            "not base64"),
        ["A format that cannot be decoded"] = (
            "/classify/lenet5",
            "%PDF-1.7 and more"u8.ToArray().As("application/octet-stream"),
            422,
            "not_an_image",
            "The image is a PDF file, which cannot be decoded"),
        ["Text in base64"] = ("/classify/lenet5", Json("""{"image": "AAAA"}"""), 422, "not_an_image", "3 bytes"),
        ["A form without files"] = (
            "/classify/lenet5", new MultipartFormDataContent { { new StringContent("x"), "name" } }, 400, "malformed_request", "no file"),
        ["An empty form"] = ("/classify/lenet5", Array.Empty<byte>().As("multipart/form-data; boundary=x"), 400, "empty_body", "no body"),
        ["A form without a boundary"] = ("/classify/lenet5", Text("--x", "multipart/form-data"), 400, "malformed_request", "boundary"),
        ["A form that breaks off"] = (
            "/classify/lenet5",
            Text("--x\r\nContent-Disposition: form-data; name=a; filename=b\r\n\r\nabc", "multipart/form-data; boundary=x"),
            400,
            "malformed_request",
            "before its last boundary"),
        ["A body that is not a form"] = (
            "/classify/lenet5", Text("hello", "multipart/form-data; boundary=x"), 400, "malformed_request", "before its last boundary"),
        ["A multipart body of another type"] = (
            "/classify/lenet5", Text("--x--", "multipart/mixed; boundary=x"), 415, "unsupported_media_type", "multipart/mixed"),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory, MemberData(nameof(Names))]
    public async Task Refusal_is_a_problem_document_that_names_what_was_wrong(string name)
    {
        var (path, body, status, code, named) = Cases[name];
        using var answer = await shared.Running.Client.PostAsync(path, body, TestContext.Current.CancellationToken);
        await answer.IsProblem(status, code, named);
    }

    [Fact]
    public async Task Unsupported_method_is_405_and_the_answer_lists_the_supported_methods()
    {
        using var answer = await shared.Running.Client.GetAsync("/classify/lenet5", TestContext.Current.CancellationToken);
        await answer.IsProblem(405, "unknown_route", "expected POST");
        Assert.Equal(["POST"], answer.Content.Headers.Allow);
    }

    [Fact]
    public async Task Client_that_does_not_accept_json_still_gets_the_problem()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/models/none") { Headers = { { "Accept", "text/plain" } } };
        using var answer = await shared.Running.Client.SendAsync(request, TestContext.Current.CancellationToken);
        await answer.IsProblem((int)HttpStatusCode.NotFound, "unknown_model", "none");
    }

    private static ByteArrayContent Text(string text, string mediaType) => Encoding.UTF8.GetBytes(text).As(mediaType);

    private static ByteArrayContent Json(string text) => Text(text, "application/json");
}
