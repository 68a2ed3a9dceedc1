using System.Text.Json;
using Fovea.Api.Grpc.Messages;
using Google.Protobuf;

namespace Fovea.Api.Tests.Grpc;

/// <summary>Translates JSON of the protocol into messages.</summary>
internal static class InferMessage
{
    /// <summary>
    /// The message with the same content; null if no message has it, because the text is not JSON or a value has another type than the
    /// field.
    /// </summary>
    public static ModelInferRequest? Of(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return Request(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return null;
        }
    }

    private static ModelInferRequest Request(JsonElement json)
    {
        var message = new ModelInferRequest { Id = json.TryGetProperty("id", out var id) ? id.GetString() : "" };
        message.Inputs.Add(json.GetProperty("inputs").EnumerateArray().Select(Input));
        if (json.TryGetProperty("outputs", out var outputs))
        {
            message.Outputs.Add(outputs.EnumerateArray().Select(Output));
        }

        return message;
    }

    private static ModelInferRequest.Types.InferInputTensor Input(JsonElement json) => new()
    {
        Name = json.GetProperty("name").GetString(),
        Datatype = json.GetProperty("datatype").GetString(),
        Shape = { json.GetProperty("shape").EnumerateArray().Select(dimension => dimension.GetInt64()) },
        Contents = Contents(json.GetProperty("data"), json.GetProperty("datatype").GetString()!),
        Parameters = { json.TryGetProperty("parameters", out var parameters) ? Parameters(parameters) : [] },
    };

    private static InferTensorContents Contents(JsonElement data, string datatype) => datatype == "BYTES"
        ? new() { BytesContents = { data.EnumerateArray().Select(file => ByteString.CopyFrom(file.GetBytesFromBase64())) } }
        : new() { Fp32Contents = { data.EnumerateArray().Select(number => number.GetSingle()) } };

    private static ModelInferRequest.Types.InferRequestedOutputTensor Output(JsonElement json) => new()
    {
        Name = json.GetProperty("name").GetString(),
        Parameters = { json.TryGetProperty("parameters", out var parameters) ? Parameters(parameters) : [] },
    };

    private static Dictionary<string, InferParameter> Parameters(JsonElement json) => json.EnumerateObject().ToDictionary(
        parameter => parameter.Name,
        parameter => parameter.Name.StartsWith("binary_data", StringComparison.Ordinal)
            ? throw new FormatException("Messages carry bytes in fields of their own.")
            : new InferParameter { Int64Param = parameter.Value.GetInt64() });
}
