using System.Text;
using Fovea.Api.Grpc.Messages;
using Fovea.Api.Tests.InferenceProtocol;
using Google.Protobuf;
using Grpc.Core;

namespace Fovea.Api.Tests.Grpc;

/// <summary>The table of bad requests of <see cref="BadInferenceTests"/> over gRPC, and what can only be wrong in a message.</summary>
public sealed class BadGrpcInferenceTests(SharedGrpcService shared) : IClassFixture<SharedGrpcService>
{
    private const int Bytes = 4 * 28 * 28;

    /// <summary>The bodies that can be written as messages, with the reasons why they are refused.</summary>
    public static TheoryData<string, string> Bodies
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var row in BadInferenceTests.Bodies)
            {
                if (InferMessage.Of(row.Data.Item1) is not null)
                {
                    data.Add(row.Data.Item1, row.Data.Item2);
                }
            }

            return data;
        }
    }

    public static TheoryData<string, string> Messages => new(Wrong.Select(row => (row.Key, row.Value.Reason)));

    private static readonly Dictionary<string, (Action<ModelInferRequest> Change, string Reason)> Wrong = new()
    {
        ["raw beside contents"] = (m => m.RawInputContents.Add(Zeros(Bytes)), "both contents and raw_input_contents"),
        ["two raw for one input"] = (
            m => m.RawInputContents.Add([Zeros(Bytes), Zeros(Bytes)]), "2 raw_input_contents and 1 inputs; expected one for each input"),
        ["no raw for the second input"] = (
            m =>
            {
                m.Inputs.Add(m.Inputs[0].Clone());
                m.RawInputContents.Add(Zeros(Bytes));
            },
            "1 raw_input_contents and 2 inputs"),
        ["raw too short"] = (m => Raw(m, Bytes - 1), "3135 bytes; expected 3136"),
        ["raw too long"] = (m => Raw(m, Bytes + 1), "3137 bytes; expected 3136"),
        ["raw empty"] = (m => Raw(m, 0), "0 bytes; expected 3136"),
        ["raw of another shape"] = (
            m =>
            {
                Raw(m, Bytes);
                m.Inputs[0].Shape[0] = 2;
            },
            "3136 bytes; expected 6272"),
        ["raw not finite"] = (
            m =>
            {
                Raw(m, Bytes);
                m.RawInputContents[0] = ByteString.CopyFrom([.. Enumerable.Repeat((byte)255, Bytes)]);
            },
            "not finite"),
        ["another field"] = (
            m => m.Inputs[0].Contents = new() { IntContents = { new int[784] } },
            "are in int_contents; expected fp32_contents alone, the field of FP32"),
        ["a second field"] = (
            m => m.Inputs[0].Contents.BoolContents.Add(true), "are in bool_contents, fp32_contents; expected fp32_contents alone"),
        ["no contents"] = (m => m.Inputs[0].Contents = null, "input has no data; expected either contents, or raw_input_contents"),
        ["no numbers"] = (m => m.Inputs[0].Contents = new(), "0 numbers; expected 784"),
        ["numbers for image files"] = (
            m =>
            {
                m.Inputs[0].Datatype = "BYTES";
                m.Inputs[0].Shape.Clear();
                m.Inputs[0].Shape.Add(1);
            },
            "expected bytes_contents alone"),
        ["no shape"] = (m => m.Inputs[0].Shape.Clear(), "has the shape []; expected [-1, 1, 28, 28]"),
        ["no datatype"] = (m => m.Inputs[0].Datatype = "", "has the datatype ; expected FP32, or BYTES"),
        ["no name"] = (m => m.Inputs[0].Name = "", "expected input, once"),
        ["classification as text"] = (m => Output(m, new() { StringParam = "3" }), "not a whole number of 64 bits"),
        ["classification too large"] = (m => Output(m, new() { Uint64Param = ulong.MaxValue }), "classification is out of range"),
        ["parameter without a value"] = (m => m.Parameters.Add("priority", new()), "The parameter priority has no value"),
        ["input's parameter without a value"] = (m => m.Inputs[0].Parameters.Add("x", new()), "The parameter x has no value"),
    };

    [Theory, MemberData(nameof(Bodies))]
    public async Task Request_that_REST_refuses_is_refused_with_the_same_sentence(string body, string reason)
    {
        var message = InferMessage.Of(body)!;
        message.ModelName = "lenet5";
        var refusal = await IsRefused(message, StatusCode.InvalidArgument, reason);
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        var (_, json) = await shared.Running.Service.Post("/v2/models/lenet5/infer", content);
        Assert.Equal(json.GetProperty("error").GetString(), refusal.Status.Detail);
    }

    [Theory, MemberData(nameof(Messages))]
    public async Task Message_with_an_error_is_refused_with_the_reason(string name, string reason)
    {
        var message = GrpcService.Zeros();
        Wrong[name].Change(message);
        await IsRefused(message, StatusCode.InvalidArgument, reason);
    }

    [Fact]
    public void Most_bodies_of_REST_can_be_said_in_messages() => Assert.InRange(Bodies.Count, 15, BadInferenceTests.Bodies.Count);

    [Theory]
    [InlineData("none", "", "There is no model none; expected one of lenet5.")]
    [InlineData("lenet5", "9", "lenet5 has no version 9; expected one of 1, 2.")]
    [InlineData("", "", "There is no model ; expected one of lenet5.")]
    public async Task Unknown_model_or_version_is_not_found(string model, string version, string reason)
    {
        var message = GrpcService.Zeros(model);
        message.ModelVersion = version;
        var refusal = await IsRefused(message, StatusCode.NotFound, reason);
        Assert.Equal("unknown_model", refusal.Trailers.GetValue("error-code"));
        var (client, stop) = (shared.Running.Client, TestContext.Current.CancellationToken);
        var described = client.ModelMetadataAsync(new() { Name = model, Version = version }, cancellationToken: stop);
        await GrpcService.IsRefused(described, StatusCode.NotFound, reason);
        var ready = client.ModelReadyAsync(new() { Name = model, Version = version }, cancellationToken: stop);
        await GrpcService.IsRefused(ready, StatusCode.NotFound, reason);
    }

    [Fact]
    public async Task Element_longer_than_the_tensor_is_refused()
    {
        byte[][] elements = [[255, 255, 255, 255, 1, 2, 3, 4], [9, 0, 0, 0, 1], [1, 0]];
        foreach (var element in elements)
        {
            await IsRefused(GrpcService.Raw(element, "BYTES", 1), StatusCode.InvalidArgument, "ends after the body");
        }
    }

    private Task<RpcException> IsRefused(ModelInferRequest message, StatusCode status, string reason) =>
        GrpcService.IsRefused(shared.Running.Client.ModelInferAsync(message), status, reason);

    private static ByteString Zeros(int count) => ByteString.CopyFrom(new byte[count]);

    private static void Raw(ModelInferRequest message, int bytes)
    {
        message.Inputs[0].Contents = null;
        message.RawInputContents.Add(Zeros(bytes));
    }

    private static void Output(ModelInferRequest message, InferParameter classification) =>
        message.Outputs.Add(new ModelInferRequest.Types.InferRequestedOutputTensor
        {
            Name = "logits",
            Parameters = { ["classification"] = classification },
        });
}
