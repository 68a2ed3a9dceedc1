using Fovea.Api.InferenceProtocol;
using Fovea.Api.Tests.Hosting;
using Fovea.Api.Tests.InferenceProtocol;
using Fovea.Api.Tests.ModelRepository;
using Fovea.Models.Graphs;
using Grpc.Core;

namespace Fovea.Api.Tests.Grpc;

/// <summary>A model of another form answers over gRPC as over REST, with the types and the layout of its file.</summary>
public sealed class GrpcOriginalTensorTests
{
    private const int Count = 2, Size = 3 * 8 * 8;

    private static readonly float[] Pixels = [.. Enumerable.Range(0, Count * Size).Select(i => (float)(i * 7919 % 251))];

    [Fact]
    public async Task Each_type_gives_the_same_answer_as_contents_and_as_bytes()
    {
        using var repository = new Repository();
        await using var service = await GrpcService.Start(repository, "--Fovea:ApiKeys:0=secret");
        service.Service.Client.DefaultRequestHeaders.Authorization = new("Bearer", "secret");
        foreach (var (name, file) in OriginalTensorTests.Files)
        {
            var model = name.Replace(" ", "-", StringComparison.Ordinal).Replace(",", "", StringComparison.Ordinal);
            await Upload(service, model, file());
            var raw = await Infer(service, model, isRaw: true);
            if (await Infer(service, model, isRaw: false) is { } contents)
            {
                Assert.All(raw!.Zip(contents), pair => Assert.Equal(pair.First, pair.Second, 2e-3f * Math.Max(1, Math.Abs(pair.First))));
            }
            else
            {
                Assert.Equal("halves", name);
            }
        }
    }

    private static async Task Upload(GrpcService service, string model, Graph graph)
    {
        using var form = ForeignUploadTests.Form(
            ForeignUploadTests.Bytes(graph),
            ("labels.txt", "ant\nbee\ncat\ndog\n"), ("model.json", """{ "preprocessing": { "crop": [8, 8] } }"""));
        using var answer = await service.Service.Client.PutAsync($"/models/{model}/versions/1", form);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    // The numbers of the answer; null if the type has no field in contents.
    private static async Task<float[]?> Infer(GrpcService service, string model, bool isRaw)
    {
        var described = (await service.Client.ModelMetadataAsync(new() { Name = model })).Inputs[0];
        var type = Datatype.Of(TypeOf(described.Datatype));
        var bytes = new byte[Pixels.Length * type.Size];
        type.Write(Pixels, bytes);
        var request = GrpcService.Raw(bytes, described.Datatype, [Count, .. described.Shape.Skip(1)]);
        (request.ModelName, request.Inputs[0].Name) = (model, described.Name);
        if (!isRaw)
        {
            request.RawInputContents.Clear();
            request.Inputs[0].Contents = described.Datatype switch
            {
                "FP64" => new() { Fp64Contents = { Pixels.Select(pixel => (double)pixel) } },
                "INT32" => new() { IntContents = { Pixels.Select(pixel => (int)pixel) } },
                "UINT8" => new() { UintContents = { Pixels.Select(pixel => (uint)pixel) } },
                _ => new() { Fp32Contents = { Pixels } },
            };
        }

        if (!isRaw && described.Datatype == "FP16")
        {
            await GrpcService.IsRefused(
                service.Client.ModelInferAsync(request), StatusCode.InvalidArgument, "expected raw_input_contents");
            return null;
        }

        var answer = await service.Client.ModelInferAsync(request);
        var output = answer.Outputs[0];
        var shown = Datatype.Of(TypeOf(output.Datatype));
        if (output.Contents is not null)
        {
            return [.. output.Contents.Fp32Contents, .. output.Contents.Fp64Contents.Select(number => (float)number)];
        }

        var numbers = new float[answer.RawOutputContents[0].Length / shown.Size];
        shown.Read(answer.RawOutputContents[0].Span, numbers);
        return numbers;
    }

    private static ElementType TypeOf(string name) => name switch
    {
        "FP16" => ElementType.Float16,
        "FP64" => ElementType.Double,
        "UINT8" => ElementType.UInt8,
        "INT32" => ElementType.Int32,
        _ => ElementType.Float,
    };
}
