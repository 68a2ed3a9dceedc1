using System.Text.Json;
using Fovea.Models;

namespace Fovea.Api;

/// <summary>Reads the JSON of a request to infer without making a tree of it. Elements are left where they are.</summary>
internal ref struct InferRequestReader
{
    private const string Expected = "a request to infer";

    private Utf8JsonReader json;

    private InferRequestReader(ReadOnlySpan<byte> json) => this.json = RequestJson.Reader(json, Expected);

    /// <summary>Reads a request.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.MalformedRequest"/>: it is not as the protocol says.</exception>
    public static InferRequest Read(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new InferRequestReader(json);
            reader.json.Read();
            var request = reader.ReadRequest();
            reader.json.Read();
            return request;
        }
        catch (JsonException e)
        {
            throw RequestJson.NotJson(e, Expected);
        }
    }

    /// <summary>The error of a request that is not as the protocol says.</summary>
    public static FoveaException Malformed(string message, Exception? cause = null) => new(ErrorCode.MalformedRequest, message, cause);

    private InferRequest ReadRequest()
    {
        string? id = null;
        bool isBinary = false;
        List<InferInput>? inputs = null;
        List<InferOutput>? outputs = null;
        Expect(JsonTokenType.StartObject, "the request");
        while (NextProperty() is { } property)
        {
            switch (property)
            {
                case "id":
                    id = Text(property);
                    break;
                case "parameters":
                    isBinary = Parameters().IsBinaryOutput ?? false;
                    break;
                case "inputs":
                    inputs = [];
                    Expect(JsonTokenType.StartArray, property);
                    while (NextElement())
                    {
                        inputs.Add(Input());
                    }

                    break;
                case "outputs":
                    outputs = [];
                    Expect(JsonTokenType.StartArray, property);
                    while (NextElement())
                    {
                        outputs.Add(Output());
                    }

                    break;
                default:
                    json.Skip();
                    break;
            }
        }

        return new(id, inputs ?? throw Malformed("The request has no inputs; expected a list of one."), outputs, isBinary);
    }

    private InferInput Input()
    {
        string? name = null, datatype = null;
        List<long>? shape = null;
        int? data = null;
        var parameters = default(Known);
        Expect(JsonTokenType.StartObject, "an input");
        while (NextProperty() is { } property)
        {
            switch (property)
            {
                case "name":
                    name = Text(property);
                    break;
                case "datatype":
                    datatype = Text(property);
                    break;
                case "shape":
                    shape = [];
                    Expect(JsonTokenType.StartArray, property);
                    while (NextElement())
                    {
                        shape.Add(Whole(property));
                    }

                    break;
                case "data":
                    data = (int)json.TokenStartIndex;
                    json.Skip();
                    break;
                case "parameters":
                    parameters = Parameters();
                    break;
                default:
                    json.Skip();
                    break;
            }
        }

        return name is null || datatype is null || shape is null
            ? throw Malformed("An input lacks its name, its datatype or its shape; expected all three.")
            : new(name, datatype, shape, data, parameters.BinarySize);
    }

    private InferOutput Output()
    {
        string? name = null;
        var parameters = default(Known);
        Expect(JsonTokenType.StartObject, "an output");
        while (NextProperty() is { } property)
        {
            switch (property)
            {
                case "name":
                    name = Text(property);
                    break;
                case "parameters":
                    parameters = Parameters();
                    break;
                default:
                    json.Skip();
                    break;
            }
        }

        return new(name ?? throw Malformed("An output lacks its name."), parameters.IsBinary, parameters.Classes);
    }

    private Known Parameters()
    {
        var known = default(Known);
        Expect(JsonTokenType.StartObject, "parameters");
        while (NextProperty() is { } property)
        {
            switch (property)
            {
                case "binary_data_size":
                    known.BinarySize = Whole(property);
                    break;
                case "binary_data":
                    known.IsBinary = Flag(property);
                    break;
                case "binary_data_output":
                    known.IsBinaryOutput = Flag(property);
                    break;
                case "classification":
                    known.Classes = Whole(property) is > 0 and <= int.MaxValue and var classes
                        ? (int)classes
                        : throw Malformed("classification is out of range; expected at least 1.");
                    break;
                default:
                    if (json.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray or JsonTokenType.Null)
                    {
                        throw Malformed($"The parameter {property} is no string, number or truth value; expected one of these.");
                    }

                    break;
            }
        }

        return known;
    }

    // Moves to the value of the next property and returns its name; null at the end of the object.
    private string? NextProperty()
    {
        json.Read();
        if (json.TokenType == JsonTokenType.EndObject)
        {
            return null;
        }

        var name = json.GetString();
        json.Read();
        return name;
    }

    private bool NextElement() => json.Read() && json.TokenType != JsonTokenType.EndArray;

    private readonly void Expect(JsonTokenType type, string what)
    {
        if (json.TokenType != type)
        {
            throw Malformed($"Expected {what} to be {(type == JsonTokenType.StartObject ? "an object" : "a list")}, found {json.TokenType}.");
        }
    }

    private readonly string Text(string property) =>
        json.TokenType == JsonTokenType.String ? json.GetString()! : throw Malformed($"{property} is no string; expected one.");

    private readonly long Whole(string property) => json.TokenType == JsonTokenType.Number && json.TryGetInt64(out long value)
        ? value
        : throw Malformed($"{property} is no whole number of 64 bits; expected one.");

    private readonly bool Flag(string property) => json.TokenType is JsonTokenType.True or JsonTokenType.False
        ? json.GetBoolean()
        : throw Malformed($"{property} is not true or false; expected one of these.");

    private struct Known
    {
        public long? BinarySize;
        public bool? IsBinary;
        public bool? IsBinaryOutput;
        public int? Classes;
    }
}
