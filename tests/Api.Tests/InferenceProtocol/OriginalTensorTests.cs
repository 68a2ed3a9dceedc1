using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Fovea.Api.InferenceProtocol;
using Fovea.Api.Tests.Hosting;
using Fovea.Api.Tests.ModelRepository;
using Fovea.Models.Graphs;
using Fovea.Models.Runtime;
using Fovea.Models.Tests.Adoption;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Tensor = Fovea.Models.Graphs.Tensor;

namespace Fovea.Api.Tests.InferenceProtocol;

/// <summary>A model of another form has the names, types and layout of its file, and answers as ONNX Runtime does with that file.</summary>
public sealed class OriginalTensorTests
{
    private const int Side = ForeignNetwork.Side, Count = 2, Size = 3 * Side * Side;

    private static readonly byte[] Pixels = [.. Enumerable.Range(0, Count * Size).Select(i => (byte)(i * 7919 % 251))];

    internal static readonly Dictionary<string, Func<Graph>> Files = new()
    {
        ["floats"] = () => ForeignNetwork.Build(),
        ["channels last"] = () => ForeignNetwork.Build(input: g => g.Transpose(Input(g, ElementType.Float, Side, Side, 3), 0, 3, 1, 2)),
        ["bytes, channels last"] = () => ForeignNetwork.Build((g, z) => [g.Softmax(z)], g => g.Transpose(
            g.Cast(Input(g, ElementType.UInt8, Side, Side, 3), ElementType.Float) / g.Scalar(255), 0, 3, 1, 2)),
        ["integers"] = () => ForeignNetwork.Build(input: g =>
            g.Cast(Input(g, ElementType.Int32, 3, Side, Side), ElementType.Float) * 0.01f),
        ["doubles"] = () => ForeignNetwork.Build(input: g => g.Cast(Input(g, ElementType.Double, 3, Side, Side), ElementType.Float)),
        ["halves"] = () => ForeignNetwork.Build(
            (g, z) => [g.Cast(z, ElementType.Float16)], g => g.Cast(Input(g, ElementType.Float16, 3, Side, Side), ElementType.Float)),
        ["more axes behind"] = () => ForeignNetwork.Build((g, z) => [g.Apply("Unsqueeze", [z, g.Constant(Tensor.Of(2, 3))])]),
        ["two outputs"] = () => ForeignNetwork.Build((g, z) => [z, g.Apply("ArgMax", [z], ("axis", 1L))]),
    };

    public static MatrixTheoryData<string, bool> Cases => new(Files.Keys, [false, true]);

    [Theory, MemberData(nameof(Cases))]
    public async Task Client_of_the_original_file_gets_the_same_answer(string name, bool isBinary)
    {
        using var repository = new Repository();
        await using var administrator = await Administrator.Start(repository);
        var file = ForeignUploadTests.Bytes(Files[name]());
        using var form = ForeignUploadTests.Form(
            file, ("labels.txt", "ant\nbee\ncat\ndog\n"), ("model.json", """{ "preprocessing": { "crop": [8, 8] } }"""));
        var (status, uploaded) = await administrator.Send(HttpMethod.Put, "/models/foreign/versions/1", form);
        Assert.True(status == 201, $"{uploaded}");

        using var session = Sessions.Open("original", file);
        var (input, output) = (session.InputMetadata.Single(), session.OutputMetadata.First());
        var described = await administrator.Service.Get("/v2/models/foreign");
        AssertDescribed(described.GetProperty("inputs"), input.Key, input.Value);
        AssertDescribed(described.GetProperty("outputs"), output.Key, output.Value);
        var numbers = await Infer(administrator, described, isBinary);
        var expected = Expected(session, input, output.Key);
        Assert.Equal(expected.Length, numbers.Length);
        Assert.All(expected.Zip(numbers), pair => Assert.Equal(pair.First, pair.Second, 2e-3f * Math.Max(1, Math.Abs(pair.First))));
    }

    [Fact]
    public async Task Findings_say_that_the_adopted_output_is_shown_if_no_cast_restores_the_original()
    {
        using var repository = new Repository();
        await using var administrator = await Administrator.Start(repository);
        using var form = ForeignUploadTests.Form(
            ForeignUploadTests.Bytes(ForeignNetwork.Build((g, z) => [g.Apply("Sigmoid", [z])])),
            ("labels.txt", "ant\nbee\ncat\ndog\n"), ("model.json", """{ "preprocessing": { "crop": [8, 8] } }"""));
        var (_, uploaded) = await administrator.Send(HttpMethod.Put, "/models/foreign/versions/1", form);
        Assert.Contains(
            uploaded.GetProperty("findings").GetProperty("changed").EnumerateArray(),
            sentence => $"{sentence}".Contains("shows the output of the adopted form, logits", StringComparison.Ordinal));
        var described = await administrator.Service.Get("/v2/models/foreign");
        Assert.Equal("data", described.GetProperty("inputs")[0].GetProperty("name").GetString());
        Assert.Equal("logits", described.GetProperty("outputs")[0].GetProperty("name").GetString());
    }

    [Theory]
    [InlineData("256", "expected numbers of UINT8")]
    [InlineData("0.5", "expected numbers of UINT8")]
    [InlineData("-1", "expected numbers of UINT8")]
    public async Task Number_that_the_type_does_not_have_is_refused(string number, string reason)
    {
        using var repository = new Repository();
        await using var administrator = await Administrator.Start(repository);
        using var form = ForeignUploadTests.Form(
            ForeignUploadTests.Bytes(Files["bytes, channels last"]()), ("model.json", """{ "preprocessing": { "crop": [8, 8] } }"""));
        Assert.Equal(201, (await administrator.Send(HttpMethod.Put, "/models/foreign/versions/1", form)).Status);
        var data = string.Join(',', Enumerable.Repeat("1", Size - 1).Append(number));
        using var body = new StringContent(
            $$"""{"inputs":[{"name":"images","datatype":"UINT8","shape":[1,8,8,3],"data":[{{data}}]}]}""",
            Encoding.UTF8,
            "application/json");
        var (status, json) = await administrator.Service.Post("/v2/models/foreign/infer", body);
        Assert.Equal(400, status);
        Assert.Contains(reason, $"{json}", StringComparison.Ordinal);
    }

    private static Value Input(Graph g, ElementType type, params int[] image) => g.Input("images", type, new Shape([-1, .. image]));

    private static void AssertDescribed(JsonElement tensors, string name, NodeMetadata expected)
    {
        var tensor = Assert.Single(tensors.EnumerateArray());
        Assert.Equal(name, tensor.GetProperty("name").GetString());
        Assert.Equal(
            expected.ElementDataType switch
            {
                TensorElementType.Float16 => "FP16",
                TensorElementType.Double => "FP64",
                TensorElementType.UInt8 => "UINT8",
                TensorElementType.Int32 => "INT32",
                _ => "FP32",
            },
            tensor.GetProperty("datatype").GetString());
        Assert.Equal(expected.Dimensions, tensor.GetProperty("shape").EnumerateArray().Select(d => d.GetInt32()));
    }

    private static async Task<float[]> Infer(Administrator administrator, JsonElement described, bool isBinary)
    {
        var input = described.GetProperty("inputs")[0];
        var datatype = Datatype.Of(TypeOf(input.GetProperty("datatype").GetString()!));
        int[] shape = [Count, .. input.GetProperty("shape").EnumerateArray().Skip(1).Select(d => d.GetInt32())];
        var values = Array.ConvertAll(Pixels, pixel => (float)pixel);
        var bytes = new byte[values.Length * datatype.Size];
        datatype.Write(values, bytes);
        var elements = isBinary
            ? $$"""  "parameters":{"binary_data_size":{{bytes.Length}} } """
            : $$""" "data":{{JsonSerializer.Serialize(Array.ConvertAll(Pixels, pixel => (int)pixel))}} """;
        var json = Encoding.UTF8.GetBytes(
            $$"""
            {
                {{(isBinary ? """ "parameters":{"binary_data_output":true}, """ : "")}}
                "inputs":
                [
                    { "name":"{{input.GetProperty("name")}}", "datatype":"{{datatype.Name}}", "shape":[{{string.Join(',', shape)}}],
                        {{elements}} }
                ]
            }
            """);
        using var content = new ByteArrayContent(isBinary ? [.. json, .. bytes] : json);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        content.Headers.Add("Inference-Header-Content-Length", $"{json.Length}");
        using var answer = await administrator.Service.Client.PostAsync("/v2/models/foreign/infer", content);
        var body = await answer.Content.ReadAsByteArrayAsync();
        Assert.True(answer.IsSuccessStatusCode, Encoding.UTF8.GetString(body));
        int length = isBinary ? int.Parse(answer.Headers.GetValues("Inference-Header-Content-Length").Single(), null) : body.Length;
        using var parsed = JsonDocument.Parse(body.AsMemory(0, length));
        var output = parsed.RootElement.GetProperty("outputs")[0];
        var shown = described.GetProperty("outputs")[0];
        Assert.All((string[])["name", "datatype"], key => Assert.Equal($"{shown.GetProperty(key)}", $"{output.GetProperty(key)}"));
        Assert.Equal(
            shown.GetProperty("shape").EnumerateArray().Skip(1).Select(d => d.GetInt32()).Prepend(Count),
            output.GetProperty("shape").EnumerateArray().Select(d => d.GetInt32()));
        return isBinary
            ? Floats(TypeOf(output.GetProperty("datatype").GetString()!), body[length..])
            : [.. output.GetProperty("data").EnumerateArray().Select(number => number.GetSingle())];
    }

    private static ElementType TypeOf(string name) => name switch
    {
        "FP16" => ElementType.Float16,
        "FP64" => ElementType.Double,
        "UINT8" => ElementType.UInt8,
        "INT32" => ElementType.Int32,
        _ => ElementType.Float,
    };

    private static float[] Floats(ElementType type, byte[] bytes)
    {
        var datatype = Datatype.Of(type);
        var numbers = new float[bytes.Length / datatype.Size];
        datatype.Read(bytes, numbers);
        return numbers;
    }

    private static float[] Expected(InferenceSession session, KeyValuePair<string, NodeMetadata> input, string output)
    {
        long[] shape = [Count, .. input.Value.Dimensions.Skip(1).Select(d => (long)d)];
        using var images = input.Value.ElementDataType switch
        {
            TensorElementType.Float16 => Ort(Array.ConvertAll(Pixels, p => (Float16)(float)p), shape),
            TensorElementType.Double => Ort(Array.ConvertAll(Pixels, p => (double)p), shape),
            TensorElementType.UInt8 => Ort(Pixels, shape),
            TensorElementType.Int32 => Ort(Array.ConvertAll(Pixels, p => (int)p), shape),
            _ => Ort(Array.ConvertAll(Pixels, p => (float)p), shape),
        };
        using var options = new RunOptions();
        using var outputs = session.Run(options, [input.Key], [images], [output]);
        return outputs[0].GetTensorTypeAndShape().ElementDataType == TensorElementType.Float16
            ? Array.ConvertAll(outputs[0].GetTensorDataAsSpan<Float16>().ToArray(), half => (float)half)
            : outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }

    private static OrtValue Ort<T>(T[] values, long[] shape)
        where T : unmanaged => OrtValue.CreateTensorValueFromMemory(values, shape);
}
