using System.Text.Json;
using System.Text.Json.Nodes;
using Fovea.Api.FineTuning;
using Fovea.Api.Problems;
using Fovea.Api.Requests;

namespace Fovea.Api.OpenAIProtocol;

/// <summary>
/// Reads the body of a request for a job in the form of OpenAI's API. The body is converted to the form of the service's own route and
/// checked as there, so the fields that only the own route has are accepted too.
/// </summary>
internal static class OpenAIJobRequest
{
    private const string Method = "method", Hyperparameters = "hyperparameters", Multiplier = "learning_rate_multiplier", Auto = "auto";

    /// <summary>Reads a request.</summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.MalformedRequest"/>: a value is wrong; the message names it.</exception>
    public static JobRequest Read(ReadOnlyMemory<byte> body)
    {
        using var json = RequestJson.Parse(body, "an object such as {\"model\": \"lenet5\", \"training_file\": \"ds_0123456789abcdef\"}");
        if (json.RootElement.ValueKind is not JsonValueKind.Object)
        {
            return JobRequest.Read(body);
        }

        var request = JsonObject.Create(json.RootElement)!;
        RefuseGiven(request, "validation_file", "the part val of the training file, or a fifth of each of its classes, is used for it");
        RefuseGiven(request, "integrations", "none: the events and the report of a job have its figures");
        LiftMethod(request);
        if (request[Hyperparameters] is JsonObject hyperparameters)
        {
            RefuseMultiplier(hyperparameters);
        }

        return JobRequest.Read(JsonSerializer.SerializeToUtf8Bytes(request, OpenAIJson.Default.JsonObject));
    }

    // Replaces {"method": {"type": "supervised", "supervised": {"hyperparameters": {...}}}} by {"hyperparameters": {...}}. A method that is
    // a JSON string is one of the service's own, head, full or auto, and stays.
    private static void LiftMethod(JsonObject request)
    {
        if (request[Method] is not JsonObject method)
        {
            return;
        }

        if (method["type"]?.GetValueKind() is not JsonValueKind.String || method["type"]!.GetValue<string>() != OpenAIMethod.Only)
        {
            throw Malformed($"method.type is {method["type"]?.ToJsonString() ?? "missing"}; expected {OpenAIMethod.Only}");
        }

        request.Remove(Method);
        if ((method[OpenAIMethod.Only] as JsonObject)?[Hyperparameters] is { } inner)
        {
            if (request[Hyperparameters] is not null)
            {
                throw Malformed("The body has hyperparameters in two places; expected those of the method alone");
            }

            request[Hyperparameters] = inner.DeepClone();
        }
    }

    // Refuses a multiplier of the learning rate: each method chooses its own rate, so there is no common rate to multiply.
    private static void RefuseMultiplier(JsonObject hyperparameters)
    {
        var isAuto = hyperparameters[Multiplier] is null or JsonValue
            && (hyperparameters[Multiplier] is not { } given || (given.GetValueKind(), $"{given}") is (JsonValueKind.String, Auto));
        if (!isAuto)
        {
            throw Malformed(
                $"hyperparameters.{Multiplier} is {hyperparameters[Multiplier]!.ToJsonString()}; expected {Auto}, or {Multiplier} left out "
                    + "and learning_rate, the highest rate itself");
        }

        hyperparameters.Remove(Multiplier);
    }

    private static void RefuseGiven(JsonObject request, string field, string expected)
    {
        if (request[field] is { } given && given is not JsonArray { Count: 0 })
        {
            throw Malformed($"{field} is {given.ToJsonString()}; expected {field} left out: {expected}");
        }

        request.Remove(field);
    }

    private static ServiceException Malformed(string message) => new(ServiceError.MalformedRequest, $"{message}.");
}
