using System.Buffers.Binary;
using System.Net.Http.Headers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Fovea.Api.InferenceProtocol;
using Fovea.Api.Tests.Hosting;
using Fovea.Models.Architectures;
using Fovea.Models.Graphs;
using Fovea.Models.Runtime;

namespace Fovea.Api.Tests.InferenceProtocol;

public sealed class InferenceTests(SharedService shared)
{
    private const int Size = 28 * 28;
    private const string Url = "/v2/models/lenet5/infer";

    private static readonly float[] Pixels = [.. Enumerable.Range(0, 2 * Size).Select(i => (i * 7919 % 256) / 255f)];

    [Fact]
    public async Task Server_and_model_describe_themselves()
    {
        Assert.Equal(
            """["binary_tensor_data","classification","statistics","model_repository"]""",
            $"{(await shared.Running.Get("/v2")).GetProperty("extensions")}");
        Assert.Equal(
            """{"name":"lenet5","versions":["1","2"],"platform":"onnx_onnxv1","""
                + "\"inputs\":[{\"name\":\"input\",\"datatype\":\"FP32\",\"shape\":[-1,1,28,28]}],"
                + "\"outputs\":[{\"name\":\"logits\",\"datatype\":\"FP32\",\"shape\":[-1,10]}]}",
            $"{await shared.Running.Get("/v2/models/lenet5")}");
        Assert.Equal("""{"live":true}""", $"{await shared.Running.Get("/v2/health/live")}");
        Assert.Equal("""{"ready":true}""", $"{await shared.Running.Get("/v2/health/ready")}");
        Assert.Equal("""{"name":"lenet5","ready":true}""", $"{await shared.Running.Get("/v2/models/lenet5/ready")}");
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task Tensors_in_nested_json_flat_json_or_bytes_give_the_logits_of_a_direct_run(bool nested, bool binary)
    {
        var data = nested
            ? JsonSerializer.Serialize(Pixels.Chunk(Size).Select(image => new[] { image.Chunk(28) }))
            : JsonSerializer.Serialize(Pixels);
        var input = binary
            ? """{"name":"input","datatype":"FP32","shape":[2,1,28,28],"parameters":{"binary_data_size":6272}}"""
            : $$"""{"name":"input","data":{{data}},"shape":[2,1,28,28],"datatype":"FP32"}""";
        var request = $$"""{"id":"42","inputs":[{{input}}]}""";
        var (status, json, _) = binary ? await Post(request, MemoryMarshal.AsBytes<float>(Pixels).ToArray()) : await Post(request);
        Assert.True(status == 200, $"{json}");
        Assert.Equal(
            ("lenet5", "2", "42"),
            (
                json.GetProperty("model_name").GetString(),
                json.GetProperty("model_version").GetString(),
                json.GetProperty("id").GetString()));
        var output = Assert.Single(json.GetProperty("outputs").EnumerateArray());
        Assert.Equal("""FP32 [2,10]""", $"{output.GetProperty("datatype")} {output.GetProperty("shape")}");
        Equal(Expected(version: 2, Pixels), [.. output.GetProperty("data").EnumerateArray().Select(number => number.GetSingle())]);
    }

    [Theory]
    [InlineData(""" "parameters":{"binary_data_output":true}, """, "")]
    [InlineData("", """ ,"parameters":{"binary_data":true} """)]
    public async Task Outputs_follow_the_json_as_bytes_on_request(string request, string output)
    {
        var (status, json, binary) = await Post(
            $$"""
            {
                {{request}}
                "inputs":[{"name":"input","datatype":"FP32","shape":[1,1,28,28],"data":{{JsonSerializer.Serialize(Pixels[..Size])}}}],
                "outputs":[{"name":"logits"{{output}}}]
            }
            """);
        Assert.Equal(200, status);
        Assert.Equal(40, json.GetProperty("outputs")[0].GetProperty("parameters").GetProperty("binary_data_size").GetInt32());
        Equal(Expected(version: 2, Pixels[..Size]), MemoryMarshal.Cast<byte, float>(binary).ToArray());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Image_files_get_the_classes_that_classify_gives(bool binary)
    {
        var (_, classified) = await shared.Running.Post("/classify/lenet5/versions/1?top=3", Images.Digit.As(null));
        var expected = classified.GetProperty("predictions")
            .EnumerateArray().Select(p => $"{p.GetProperty("index")}:{p.GetProperty("label")}").ToArray();
        var element = new byte[4 + Images.Digit.Length];
        BinaryPrimitives.WriteInt32LittleEndian(element, Images.Digit.Length);
        Images.Digit.CopyTo(element, 4);
        const string Wanted = """ "outputs":[{"name":"logits","parameters":{"classification":3}}] """;
        var image = Convert.ToBase64String(Images.Digit);
        var (status, json, _) = binary
            ? await Post(
                $$"""
                {
                    "inputs":[{"name":"input","datatype":"BYTES","shape":[2],"parameters":{"binary_data_size":{{2 * element.Length}} } }],
                    {{Wanted}}
                }
                """,
                [.. element, .. element],
                "/v2/models/lenet5/versions/1/infer")
            : await Post(
                $$"""{"inputs":[{"name":"input","datatype":"BYTES","shape":[2,1],"data":["{{image}}","{{image}}"]}],{{Wanted}}}""",
                null,
                "/v2/models/lenet5/versions/1/infer");
        Assert.True(status == 200, $"{json}");
        var output = json.GetProperty("outputs")[0];
        Assert.Equal("""BYTES [2,3]""", $"{output.GetProperty("datatype")} {output.GetProperty("shape")}");
        Assert.Equal(
            [.. expected, .. expected], output.GetProperty("data").EnumerateArray().Select(value => value.GetString()!.Split(':', 2)[1]));
    }

    [Fact]
    public async Task Damaged_file_among_several_is_refused_and_the_next_request_is_answered()
    {
        foreach (var (last, expected) in ((byte[], int)[])[(Images.TruncatedPng, 400), (Images.Digit, 200)])
        {
            byte[][] files = [.. Enumerable.Repeat(Images.Digit, 4), last];
            var images = string.Join(',', files.Select(file => $"\"{Convert.ToBase64String(file)}\""));
            var (status, json, _) = await Post($$"""{"inputs":[{"name":"input","datatype":"BYTES","shape":[5],"data":[{{images}}]}]}""");
            Assert.True(status == expected, $"{json}");
        }
    }

    [Fact]
    public async Task Body_without_json_is_an_image_file_or_the_tensor_of_one_image()
    {
        var (status, json, _) = await Post("", MemoryMarshal.AsBytes<float>(Pixels.AsSpan(0, Size)).ToArray());
        Assert.True(status == 200, $"{json}");
        Equal(
            Expected(version: 2, Pixels[..Size]),
            [.. json.GetProperty("outputs")[0].GetProperty("data").EnumerateArray().Select(number => number.GetSingle())]);
        Assert.Equal(200, (await Post("", Images.Stroke(SkiaSharp.SKEncodedImageFormat.Jpeg, 100))).Status);
    }

    [Fact]
    public async Task Model_that_ends_in_a_softmax_returns_probabilities()
    {
        using var repository = new Repository();
        var graph = Catalog.Find("lenet5").Build(seed: 1);
        var softmax = graph.Add("Softmax", [graph.Outputs[0]], name: "probabilities").Output;
        graph.Outputs.Clear();
        graph.Output(softmax);
        OnnxFile.Write(graph, Path.Combine(repository.Folder, "soft", "1", "model.onnx"));
        await using var service = await TestService.StartReady(repository);
        using var body = Images.Digit.As(null);
        body.Headers.Add(InferBody.LengthHeader, "0");
        var (_, json) = await service.Post("/v2/models/soft/infer", body);
        var output = json.GetProperty("outputs")[0];
        Assert.Equal("probabilities", output.GetProperty("name").GetString());
        Assert.Equal(1, output.GetProperty("data").EnumerateArray().Sum(number => number.GetDouble()), 1e-5);
    }

    [Fact]
    public async Task Statistics_count_images_and_batches()
    {
        using var repository = new Repository().With("lenet5", 3);
        await using var service = await TestService.StartReady(repository, null, "--Fovea:MaxBatch=1");
        var images = string.Join(',', Enumerable.Repeat($"\"{Convert.ToBase64String(Images.Digit)}\"", 5));
        Assert.Equal(
            200,
            (await service.Post(
                Url,
                Encoding.UTF8.GetBytes($$"""{"inputs":[{"name":"input","datatype":"BYTES","shape":[5],"data":[{{images}}]}]}""")
                    .As("application/json"))).Status);
        foreach (var path in (string[])["/v2/models/stats", "/v2/models/lenet5/stats", "/v2/models/lenet5/versions/3/stats"])
        {
            var row = Assert.Single((await service.Get(path)).GetProperty("model_stats").EnumerateArray());
            Assert.Equal(
                ("lenet5", "3", 5),
                (
                    row.GetProperty("name").GetString(),
                    row.GetProperty("version").GetString(),
                    row.GetProperty("inference_count").GetInt32()));
            Assert.InRange(row.GetProperty("execution_count").GetInt32(), 1, 5);
            Assert.Equal(5, row.GetProperty("inference_stats").GetProperty("success").GetProperty("count").GetInt32());
            Assert.Equal(0, row.GetProperty("inference_stats").GetProperty("fail").GetProperty("count").GetInt32());
            foreach (var stage in (string[])["compute_input", "compute_infer", "compute_output"])
            {
                Assert.True(row.GetProperty("inference_stats").GetProperty(stage).GetProperty("ns").GetInt64() > 0);
            }

            Assert.Equal(
                5,
                row.GetProperty("batch_stats")
                    .EnumerateArray()
                    .Sum(batch =>
                        batch.GetProperty("batch_size").GetInt32() * batch.GetProperty("compute_infer").GetProperty("count").GetInt32()));
        }
    }

    [Fact]
    public async Task Models_are_listed_loaded_and_unloaded()
    {
        using var repository = new Repository().With("lenet5", 1, 2).WithFile("broken/1/model.onnx", "no ONNX");
        await using var administrator = await Administrator.Start(repository);
        Assert.Equal(["broken 1 UNAVAILABLE", "lenet5 1 UNAVAILABLE", "lenet5 2 READY"], await Index(administrator, ""));
        Assert.Equal(["lenet5 2 READY"], await Index(administrator, """{"ready":true}"""));
        Assert.Equal(200, (await administrator.Post("/v2/repository/models/lenet5/unload")).Status);
        Assert.Empty(await Index(administrator, """{"ready":true}"""));
        Assert.Equal(
            503,
            (await administrator.Service.Client.GetAsync("/v2/models/lenet5/ready", TestContext.Current.CancellationToken))
                .StatusCode.GetHashCode());
        Assert.Equal(200, (await administrator.Post("/v2/repository/models/lenet5/load")).Status);
        Assert.Equal(2, await administrator.Version());
        var (status, json) = await administrator.Post("/v2/repository/models/broken/load");
        Assert.Equal(400, status);
        Assert.Contains("cannot be loaded", json.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    private static async Task<string[]> Index(Administrator administrator, string body)
    {
        var (status, json) = await administrator.Send(HttpMethod.Post, "/v2/repository/index", new StringContent(body));
        Assert.Equal(200, status);
        return
        [
            .. json.EnumerateArray()
                .Select(entry => $"{entry.GetProperty("name")} {entry.GetProperty("version")} {entry.GetProperty("state")}"),
        ];
    }

    private static float[] Expected(int version, float[] pixels)
    {
        using var folder = new TemporaryFolder();
        OnnxFile.Write(Catalog.Find("lenet5").Build(seed: version), folder["model.onnx"]);
        using var model = Classifier.Load(folder["model.onnx"]);
        var logits = new float[pixels.Length / Size * 10];
        model.Run(pixels, pixels.Length / Size, logits);
        return logits;
    }

    private static void Equal(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-4f));
    }

    private async Task<(int Status, JsonElement Json, byte[] Binary)> Post(string json, byte[]? binary = null, string url = Url)
    {
        using var body = new ByteArrayContent([.. Encoding.UTF8.GetBytes(json), .. binary ?? []]);
        body.Headers.ContentType = new MediaTypeHeaderValue(binary is null ? "application/json" : "application/octet-stream");
        if (binary is not null)
        {
            body.Headers.Add(InferBody.LengthHeader, $"{Encoding.UTF8.GetByteCount(json)}");
        }

        using var answer = await shared.Running.Client.PostAsync(url, body);
        var bytes = await answer.Content.ReadAsByteArrayAsync();
        int length = answer.Headers.TryGetValues(InferBody.LengthHeader, out var said)
            ? int.Parse(said.Single(), System.Globalization.CultureInfo.InvariantCulture)
            : bytes.Length;
        return ((int)answer.StatusCode, JsonDocument.Parse(bytes.AsMemory(0, length)).RootElement, bytes[length..]);
    }
}
