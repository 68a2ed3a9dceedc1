using System.Text;
using Fovea.Api.Tests.DatasetRepository;
using Fovea.Api.Tests.Hosting;
using Fovea.Api.Tests.Problems;

namespace Fovea.Api.Tests.Robustness;

/// <summary>Mutated JSON never causes a fault of the service on any route that reads JSON.</summary>
[Trait("Needs", "time")]
public sealed class JsonMutationTests
{
    private const int Requests = 500;

    private static readonly string Digit = Convert.ToBase64String(Images.Digit);

    private static readonly Dictionary<string, string[]> Bodies = new()
    {
        ["/classify/lenet5"] = [$$"""{"image": "{{Digit}}"}""", """{"note": {"a": [1, "b"]}, "image": "AAAA"}"""],
        ["/v2/repository/index"] = ["""{"ready": true}""", "{}"],
        ["/v2/models/lenet5/infer"] =
        [
            $$"""{"id": "a", "inputs": [{"name": "input", "shape": [1], "datatype": "BYTES", "data": ["{{Digit}}"]}]}""",
            """{"id": "é", "inputs": [{"name": "input", "shape": [1, 1, 28, 28], "datatype": "FP32", "data": [[0.5]], """
                + """ "parameters": {"x": "y"}}], "outputs": [{"name": "logits", "parameters": {"classification": 2}}]}""",
        ],
        ["/fine_tuning/jobs"] =
        [
            """{"model": "lenet5", "dataset": "DATASET", "suffix": "é", "method": "head", "seed": 7, "publish": "manual", """
                + """ "hyperparameters": {"n_epochs": 3, "batch_size": "auto", "learning_rate": 0.1}}""",
            """{"model": "lenet5", "training_file": "DATASET", "suffix": "s", "metadata": {"name": "value", "other": "ü"}}""",
        ],
    };

    public static TheoryData<string> Routes => [.. Bodies.Keys];

    [Theory, MemberData(nameof(Routes))]
    public async Task Mutated_json_is_answered_or_refused_without_an_error_in_the_log(string route)
    {
        var repository = new Repository().With("lenet5", 1);
        await using var service = await DatasetService.Start(repository);
        var (_, dataset) = await service.Upload(Archives.AntsAndBees(2));
        string[] originals =
        [
            .. Bodies[route].Select(body => body.Replace("DATASET", dataset.GetProperty("id").GetString(), StringComparison.Ordinal)),
        ];
        var mutator = new JsonMutator(seed: 1);
        for (int i = 0; i < Requests; i++)
        {
            var body = mutator.Spoil(mutator.OneOf(originals));
            using var answer = await service.Client.PostAsync(route, body.As("application/json"), TestContext.Current.CancellationToken);
            var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            Assert.True(
                (int)answer.StatusCode < 500 && service.Administrator.Service.Logs.Errors.LastOrDefault() is null,
                $"{i}: {answer.StatusCode} {text} to {JsonMutator.Show(body)}. "
                    + $"{service.Administrator.Service.Logs.Errors.LastOrDefault()}");
            Assert.True(answer.IsSuccessStatusCode || text.Length < 2_000, text);
        }
    }

    [Theory]
    [InlineData("/classify/lenet5", """{"\ud800": 1, "image": "AAAA"}""")]
    [InlineData("/classify/lenet5", """{"image": "\udc00"}""")]
    [InlineData("/v2/models/lenet5/infer", """{"id": "\ud800", "inputs": []}""")]
    [InlineData("/v2/models/lenet5/infer", """{"inputs": [{"name": "input", "shape": [1], "datatype": "BYTES", "data": ["\ud800"]}]}""")]
    [InlineData("/v2/repository/index", """{"\ud800": true}""")]
    [InlineData("/v2/repository/index", """{"ready": "\ud800"}""")]
    [InlineData("/v2/repository/index", "[1]")]
    [InlineData("/fine_tuning/jobs", """{"model": "\ud800"}""")]
    [InlineData("/fine_tuning/jobs", """{"model": "lenet5", "dataset": "ds_0123456789abcdef", "\ud800": 1}""")]
    [InlineData("/fine_tuning/jobs", """{"model": "lenet5", "dataset": "ds_0123456789abcdef", "metadata": {"a": "\udfff"}}""")]
    [InlineData("/fine_tuning/jobs", """{"model": "lenet5", "dataset": "ds_0123456789abcdef", "metadata": {"a": "\u0000"}}""")]
    [InlineData("/fine_tuning/jobs", """{"model": "lenet5", "dataset": "ds_0123456789abcdef", "metadata": {"\u0000": "a"}}""")]
    [InlineData("/fine_tuning/jobs", """{"model": "lenet5", "dataset": "ds_0123456789abcdef", "suffix": "\u0000"}""")]
    [InlineData("/fine_tuning/jobs", "{\"model\": \"lenet5\", \"dataset\": \"\uFFFF")]
    public async Task Invalid_unicode_in_a_body_is_400_with_a_message(string route, string body)
    {
        var repository = new Repository().With("lenet5", 1);
        await using var service = await DatasetService.Start(repository);
        foreach (var bytes in (byte[][])
        [
            Encoding.UTF8.GetBytes(body),
            [.. Encoding.UTF8.GetBytes(body.Replace("\\u", "\u0001", StringComparison.Ordinal)).Select(b => b == 1 ? (byte)0xFF : b)],
        ])
        {
            using var answer = await service.Client.PostAsync(route, bytes.As("application/json"), TestContext.Current.CancellationToken);
            var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            Assert.True((int)answer.StatusCode == 400, text);
            Assert.Contains("expected", text, StringComparison.Ordinal);
        }

        Assert.Empty(service.Administrator.Service.Logs.Errors);
    }

    [Theory]
    [InlineData("/fine_tuning/jobs?after=%00")]
    [InlineData("/fine_tuning/jobs?after=%ED%A0%80", 404)]
    [InlineData("/fine_tuning/jobs/%FF", 404)]
    [InlineData("/fine_tuning/jobs/a%00b")]
    [InlineData("/datasets?after=%00&limit=1")]
    [InlineData("/datasets/%FF%FE", 404)]
    [InlineData("/models/%ff", 404)]
    public async Task Invalid_unicode_in_an_address_is_refused(string path, int status = 400)
    {
        var repository = new Repository().With("lenet5", 1);
        await using var service = await DatasetService.Start(repository);
        using var client = await RawClient.Connect(service.Client.BaseAddress!);
        await client.Send(Encoding.ASCII.GetBytes(
            $"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {Administrator.Key}\r\nConnection: close\r\n\r\n"));
        Assert.StartsWith($"HTTP/1.1 {status}", await client.Receive(), StringComparison.Ordinal);
        Assert.Empty(service.Administrator.Service.Logs.Errors);
    }

    [Theory]
    [InlineData("{\"labels\": \"\\ud800\"}")]
    [InlineData("{\"labels\": [\"\\ud800\"]}")]
    [InlineData("{\"preprocessing\": {\"\\ud800\": 1}}")]
    [InlineData("{\"preprocessing\": {\"scale\": 1, \"scale\": 2}}")]
    [InlineData("{\"labels\": \"\\u0000\"}")]
    [InlineData("{\"architecture\": \"\\udc00\"}")]
    [InlineData("{\"labels\": \"\u00ff\"")]
    public async Task Invalid_unicode_in_an_uploaded_model_json_is_422_with_a_message(string json)
    {
        using var foreign = new Repository().WithForeign("foreign");
        await using var service = await DatasetService.Start();
        var model = await File.ReadAllBytesAsync(
            Path.Combine(foreign.Folder, "foreign", "1", "model.onnx"), TestContext.Current.CancellationToken);
        using var form = new MultipartFormDataContent
        {
            { new ByteArrayContent(model), "model", "model.onnx" },
            { new ByteArrayContent(Encoding.Latin1.GetBytes(json)), "json", "model.json" },
        };
        var (status, problem) = await service.Administrator.Send(HttpMethod.Put, "/models/foreign/versions/1", form);
        Assert.True(status == 422, $"{problem}");
        problem.IsProblem(422, "bad_model_file", "model.json");
        Assert.Empty(service.Administrator.Service.Logs.Errors);
    }
}
