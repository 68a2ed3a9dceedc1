using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;
using Fovea.Api.Grpc.Messages;
using Fovea.Api.Tests.Hosting;
using Google.Protobuf;

namespace Fovea.Api.Tests.Grpc;

public sealed class GrpcInferenceTests(SharedGrpcService shared) : IClassFixture<SharedGrpcService>
{
    private const int Size = 28 * 28;

    private static readonly float[] Pixels = [.. Enumerable.Range(0, 2 * Size).Select(i => (i * 7919 % 256) / 255f)];

    private GRPCInferenceService.GRPCInferenceServiceClient Client => shared.Running.Client;

    [Fact]
    public async Task Server_and_model_describe_themselves_as_over_REST()
    {
        var stop = TestContext.Current.CancellationToken;
        Assert.True((await Client.ServerLiveAsync(new(), cancellationToken: stop)).Live);
        Assert.True((await Client.ServerReadyAsync(new(), cancellationToken: stop)).Ready);
        Assert.True((await Client.ModelReadyAsync(new() { Name = "lenet5" }, cancellationToken: stop)).Ready);
        Assert.True((await Client.ModelReadyAsync(new() { Name = "lenet5", Version = "2" }, cancellationToken: stop)).Ready);
        var server = await Client.ServerMetadataAsync(new(), cancellationToken: stop);
        var described = await shared.Running.Service.Get("/v2");
        Assert.Equal(("fovea", $"{described.GetProperty("version")}"), (server.Name, server.Version));
        var model = await Client.ModelMetadataAsync(new() { Name = "lenet5" }, cancellationToken: stop);
        Assert.Equal(
            """{ "name": "lenet5", "versions": [ "1", "2" ], "platform": "onnx_onnxv1", """
                + """ "inputs": [ { "name": "input", "datatype": "FP32", "shape": [ "-1", "1", "28", "28" ] } ], """.Trim()
                + """ "outputs": [ { "name": "logits", "datatype": "FP32", "shape": [ "-1", "10" ] } ] }""",
            $"{model}");
    }

    [Fact]
    public async Task Version_is_ready_once_a_request_has_loaded_it()
    {
        var stop = TestContext.Current.CancellationToken;
        using var repository = new Repository().With("lenet5", 1, 2);
        await using var service = await GrpcService.Start(repository);
        var version = new ModelReadyRequest { Name = "lenet5", Version = "1" };
        Assert.False((await service.Client.ModelReadyAsync(version, cancellationToken: stop)).Ready);
        var request = GrpcService.Zeros();
        request.ModelVersion = "1";
        Assert.Equal("1", (await service.Client.ModelInferAsync(request, cancellationToken: stop)).ModelVersion);
        Assert.True((await service.Client.ModelReadyAsync(version, cancellationToken: stop)).Ready);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Tensors_as_contents_or_as_bytes_give_the_answer_of_REST_in_their_own_form(bool isRaw)
    {
        var request = isRaw
            ? GrpcService.Raw(MemoryMarshal.AsBytes<float>(Pixels).ToArray(), "FP32", 2, 1, 28, 28)
            : GrpcService.Zeros(images: 2);
        if (!isRaw)
        {
            request.Inputs[0].Contents = new() { Fp32Contents = { Pixels } };
        }

        request.Id = "42";
        var answer = await Client.ModelInferAsync(request, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(("lenet5", "2", "42"), (answer.ModelName, answer.ModelVersion, answer.Id));
        var output = Assert.Single(answer.Outputs);
        Assert.Equal("logits FP32 2, 10", $"{output.Name} {output.Datatype} {string.Join(", ", output.Shape)}");
        Assert.Equal((isRaw, isRaw ? 1 : 0), (output.Contents is null, answer.RawOutputContents.Count));
        float[] numbers = isRaw
            ? MemoryMarshal.Cast<byte, float>(answer.RawOutputContents[0].Span).ToArray()
            : [.. output.Contents!.Fp32Contents];
        using var body = new StringContent(
            $$"""{"inputs":[{"name":"input","datatype":"FP32","shape":[2,1,28,28],"data":{{JsonSerializer.Serialize(Pixels)}}}]}""");
        var (_, json) = await shared.Running.Service.Post("/v2/models/lenet5/infer", body);
        var expected = json.GetProperty("outputs")[0].GetProperty("data").EnumerateArray().Select(number => number.GetSingle());
        Assert.All(expected.Zip(numbers), pair => Assert.Equal(pair.First, pair.Second, 1e-4f));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Image_files_get_the_classes_that_classify_gives(bool isRaw)
    {
        var (_, classified) = await shared.Running.Service.Post("/classify/lenet5/versions/1?top=3", Images.Digit.As(null));
        var expected = classified.GetProperty("predictions").EnumerateArray()
            .Select(p => $"{p.GetProperty("index")}:{p.GetProperty("label")}").ToArray();
        var element = new byte[4 + Images.Digit.Length];
        BinaryPrimitives.WriteInt32LittleEndian(element, Images.Digit.Length);
        Images.Digit.CopyTo(element, 4);
        var request = GrpcService.Raw([.. element, .. element], "BYTES", isRaw ? [2] : [2, 1]);
        request.ModelVersion = "1";
        if (!isRaw)
        {
            request.RawInputContents.Clear();
            request.Inputs[0].Contents = new()
            {
                BytesContents = { ByteString.CopyFrom(Images.Digit), ByteString.CopyFrom(Images.Digit) },
            };
        }

        request.Outputs.Add(new ModelInferRequest.Types.InferRequestedOutputTensor
        {
            Name = "logits",
            Parameters = { ["classification"] = new() { Int64Param = 3 } },
        });
        var answer = await Client.ModelInferAsync(request, cancellationToken: TestContext.Current.CancellationToken);
        var output = Assert.Single(answer.Outputs);
        Assert.Equal("BYTES 2, 3", $"{output.Datatype} {string.Join(", ", output.Shape)}");
        var labels = isRaw
            ? Split(answer.RawOutputContents[0].Memory)
            : output.Contents.BytesContents.Select(label => label.ToStringUtf8());
        Assert.Equal([.. expected, .. expected], labels.Select(label => label.Split(':', 2)[1]));
    }

    private static IEnumerable<string> Split(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            int length = BinaryPrimitives.ReadInt32LittleEndian(bytes.Span);
            yield return System.Text.Encoding.UTF8.GetString(bytes.Span.Slice(4, length));
            bytes = bytes[(4 + length)..];
        }
    }
}
