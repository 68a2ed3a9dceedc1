using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Fovea.Api.InferenceProtocol;
using Fovea.Api.Tests.Hosting;
using Fovea.Api.Tests.ModelRepository;

namespace Fovea.Api.Tests.InferenceProtocol;

public sealed class BadInferenceTests(SharedService shared)
{
    private const int Size = 28 * 28;
    private const string Url = "/v2/models/lenet5/infer";

    private static readonly string Zeros = $"[{string.Join(',', Enumerable.Repeat("0", Size))}]";

    public static TheoryData<string, string> Bodies => new()
    {
        { "no JSON", "not JSON" },
        { "{}", "no inputs" },
        { "[]", "an object" },
        { """{"inputs":[]}""", "no input" },
        { """{"inputs":[7]}""", "An input" },
        { Input("[1,1,28,28]", Zeros) + "more", "not JSON" },
        { """{"id":"\ud800","inputs":[]}""", "not JSON" },
        { """{"id":7,"inputs":[]}""", "id is Number" },
        {
            Input("[4611686018427387904,4611686018427387904,28,28]", Zeros),
            "has the shape [4611686018427387904, 4611686018427387904, 28, 28]"
        },
        { Input("[4611686018427387905,1,28,28]", Zeros), "has the shape [4611686018427387905, 1, 28, 28]" },
        { Input("[99999999999999999999,1,28,28]", Zeros), "not a whole number of 64 bits" },
        { Input("[1.5,1,28,28]", Zeros), "not a whole number" },
        { Input("[-1,1,28,28]", Zeros), "has the shape [-1, 1, 28, 28]" },
        { Input("[1,-1,-28,28]", Zeros), "has the shape" },
        { Input("[0,1,28,28]", "[]"), "has the shape [0, 1, 28, 28]" },
        { Input("[1,784]", Zeros), "expected [-1, 1, 28, 28] of FP32" },
        { Input("[1000000,1,28,28]", Zeros), "from 1 to 1000" },
        { Input("[1,1,28,28]", "[1,2,3]"), "3 numbers; expected 784" },
        { Input("[1,1,28,28]", Zeros[..^1] + ",0]"), "785 numbers; expected 784" },
        { Input("[1,1,28,28]", Zeros[..^2] + "NaN]"), "not JSON" },
        { Input("[1,1,28,28]", Zeros[..^2] + "\"NaN\"]"), "holds a String" },
        { Input("[1,1,28,28]", Zeros[..^2] + "1e999]"), "not finite" },
        { Input("[1,1,28,28]", Zeros[..^2] + "null]"), "holds a Null" },
        { Input("[1,1,28,28]", Zeros, datatype: "INT64"), "datatype INT64" },
        { Input("[1,1,28,28]", Zeros, name: "other"), "inputs other; expected input" },
        { """{"inputs":[{"name":"input","shape":[1,1,28,28],"datatype":"FP32"}]}""", "no data" },
        { """{"inputs":[{"name":"input","data":[0]}]}""", "has no name, datatype or shape" },
        {
            Input("[1,1,28,28]", Zeros).Replace("]}", "],\"parameters\":{\"binary_data_size\":3136}}", StringComparison.Ordinal),
            "binary_data_size of 3136"
        },
        { $$"""{"inputs":[{{Tensor("[1,1,28,28]", Zeros)}},{{Tensor("[1,1,28,28]", Zeros)}}]}""", "expected input, once" },
        { Input("[1,1,28,28]", Zeros, after: """,{"name":"logits"},{"name":"logits"}"""), "outputs logits, logits; expected logits, once" },
        { Input("[1,1,28,28]", Zeros, after: """,{"name":"other"}"""), "outputs other" },
        { Input("[1,1,28,28]", Zeros, after: """,{"name":"logits","parameters":{"classification":0}}"""), "classification" },
        { Input("[1,1,28,28]", Zeros, after: """,{"name":"logits","parameters":{"binary_data":1}}"""), "binary_data is Number" },
        { Input("[1,1,28,28]", Zeros, after: """,{"name":"logits","parameters":{"other":{}}}"""), "parameter other" },
        { Input("[1,1,28,28]", new string('[', 200) + new string(']', 200)), "depth" },
        { $$"""{"deep":{{new string('[', 200)}}{{new string(']', 200)}},"inputs":[]}""", "depth" },
        { Input("[1]", """["not base64!"]""", datatype: "BYTES"), "not base64" },
        { Input("[1]", """["AAAA"]""", datatype: "BYTES"), "not an image" },
        { Input("[2]", """["AAAA"]""", datatype: "BYTES"), "1 elements; expected 2" },
        { Input("[1]", "[7]", datatype: "BYTES"), "holds a Number" },
    };

    [Theory, MemberData(nameof(Bodies))]
    public async Task Malformed_request_is_refused_with_the_reason(string body, string reason) =>
        await IsRefused(await Post(Encoding.UTF8.GetBytes(body), null), reason);

    [Theory]
    [InlineData("99999999999", "99999999999")]
    [InlineData("99999999999999999999999", "whole number")]
    [InlineData("-1", "whole number")]
    [InlineData("many", "whole number")]
    [InlineData("5", "not JSON")]
    [InlineData("0", "not an image file")]
    public async Task Header_with_a_wrong_length_of_the_json_is_refused(string length, string reason) =>
        await IsRefused(await Post(Encoding.UTF8.GetBytes(Input("[1,1,28,28]", Zeros)), length), reason);

    [Theory]
    [InlineData("[1,1,28,28]", 3136, 3135, "3135 bytes follow the JSON")]
    [InlineData("[1,1,28,28]", 3136, 3137, "3137 bytes follow the JSON")]
    [InlineData("[2,1,28,28]", 3136, 3136, "3136 bytes; expected 6272")]
    [InlineData("[1,1,28,28]", 9223372036854775807, 3136, "binary_data_size of 9223372036854775807")]
    [InlineData("[1,1,28,28]", -1, 3136, "binary_data_size of -1")]
    public async Task Bytes_that_do_not_fit_the_shape_are_refused(string shape, long said, int sent, string reason) =>
        await IsRefused(await PostBinary(shape, "FP32", said, new byte[sent]), reason);

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public async Task Numbers_that_are_not_finite_are_refused(float number)
    {
        var numbers = new float[Size];
        numbers[100] = number;
        await IsRefused(await PostBinary("[1,1,28,28]", "FP32", 3136, MemoryMarshal.AsBytes<float>(numbers).ToArray()), "not finite");
        await IsRefused(await Post(MemoryMarshal.AsBytes<float>(numbers).ToArray(), "0"), "not finite");
    }

    [Fact]
    public async Task Element_longer_than_the_body_is_refused() =>
        await IsRefused(await PostBinary("[1]", "BYTES", 8, [255, 255, 255, 255, 1, 2, 3, 4]), "ends after the body");

    [Fact]
    public async Task Raw_body_to_a_model_with_several_inputs_is_refused()
    {
        using var repository = new Repository();
        Directory.CreateDirectory(Path.Combine(repository.Folder, "two", "1"));
        await File.WriteAllBytesAsync(
            Path.Combine(repository.Folder, "two", "1", "model.onnx"),
            UploadTests.Body("two inputs"),
            TestContext.Current.CancellationToken);
        await using var service = await TestService.StartReady(repository);
        using var body = new ByteArrayContent(new byte[3136]);
        body.Headers.Add(InferBody.LengthHeader, "0");
        await IsRefused(
            await service.Client.PostAsync("/v2/models/two/infer", body, TestContext.Current.CancellationToken),
            "expected one input of floats");
    }

    [Fact]
    public async Task Unknown_model_or_route_is_404_with_the_error_document_of_the_protocol()
    {
        foreach (var path in (string[])["/v2/models/none", "/v2/models/lenet5/versions/9", "/v2/models/none/stats", "/v2/none"])
        {
            using var answer = await shared.Running.Client.GetAsync(path, TestContext.Current.CancellationToken);
            await IsRefused(answer, "", status: 404);
        }
    }

    private static string Tensor(string shape, string data, string datatype = "FP32", string name = "input") =>
        $$"""{"name":"{{name}}","shape":{{shape}},"datatype":"{{datatype}}","data":{{data}}}""";

    private static string Input(string shape, string data, string datatype = "FP32", string name = "input", string after = "") =>
        $$"""{"inputs":[{{Tensor(shape, data, datatype, name)}}]{{(after.Length == 0 ? "" : $""","outputs":[{after[1..]}]""")}}}""";

    private static async Task IsRefused(HttpResponseMessage answer, string reason, int status = 400)
    {
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(status == (int)answer.StatusCode, $"{(int)answer.StatusCode}: {text}");
        var error = Assert.Single(JsonDocument.Parse(text).RootElement.EnumerateObject());
        Assert.Equal("error", error.Name);
        Assert.Contains(reason, error.Value.GetString(), StringComparison.OrdinalIgnoreCase);
    }

    private async Task<HttpResponseMessage> Post(byte[] bytes, string? length)
    {
        using var body = new ByteArrayContent(bytes);
        if (length is not null)
        {
            body.Headers.Add(InferBody.LengthHeader, length);
        }

        return await shared.Running.Client.PostAsync(Url, body);
    }

    private Task<HttpResponseMessage> PostBinary(string shape, string datatype, long said, byte[] binary)
    {
        var json = Encoding.UTF8.GetBytes(
            $$"""{"inputs":[{"name":"input","shape":{{shape}},"datatype":"{{datatype}}","parameters":{"binary_data_size":{{said}} } }]}""");
        return Post([.. json, .. binary], $"{json.Length}");
    }
}
