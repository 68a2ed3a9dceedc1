using System.Text.Json;
using Fovea.Api.Problems;
using Fovea.Api.Requests;

namespace Fovea.Api.InferenceProtocol;

/// <summary>Reads the JSON of a request to infer without building a tree. It keeps only the position of the tensors' elements.</summary>
internal ref struct InferRequestReader
{
    private const string Expected = "a request to infer";

    private readonly InferBody body;
    private Utf8JsonReader json;

    private InferRequestReader(InferBody body)
    {
        this.body = body;
        json = RequestJson.Reader(body.Json.Span, Expected);
    }

    /// <summary>Reads a request.</summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.MalformedRequest"/>: the request does not follow the
    /// protocol.</exception>
    public static InferRequest Read(InferBody body)
    {
        try
        {
            var reader = new InferRequestReader(body);
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

    private InferRequest ReadRequest()
    {
        string? id = null;
        bool isBinary = false;
        List<JsonInput>? inputs = null;
        List<InferOutput>? outputs = null;
        Expect(JsonTokenType.StartObject, "The request");
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

        return inputs is null
            ? throw InferRequest.Malformed("The request has no inputs; expected a list of one.")
            : new(id, WithElements(inputs, body), outputs, isBinary);
    }

    // Finds the elements of each input in the JSON, or in the bytes that follow it in the order of the inputs.
    private static InferInput[] WithElements(List<JsonInput> inputs, InferBody body)
    {
        var found = new InferInput[inputs.Count];
        var binary = body.Binary;
        foreach (var (i, input) in inputs.Index())
        {
            long size = input.BinarySize ?? 0;
            bool isLast = i == inputs.Count - 1;
            if (input.Data is null == input.BinarySize is null
                || size < 0 || size > binary.Length || (isLast && size != binary.Length))
            {
                throw InferRequest.Malformed(
                    $"{input.Name} has {(input.Data is null ? "no data" : "data")} and a binary_data_size of {size}, and "
                        + $"{binary.Length} bytes follow the JSON; expected either data, or as many bytes as binary_data_size says.");
            }

            TensorElements elements = input.Data is { } place ? new JsonElements(body.Json[place..]) : new RawElements(binary[..(int)size]);
            found[i] = new(input.Name, input.Datatype, input.Shape, elements);
            binary = binary[(int)size..];
        }

        return found;
    }

    private JsonInput Input()
    {
        string? name = null, datatype = null;
        List<long>? shape = null;
        int? data = null;
        var parameters = default(Known);
        Expect(JsonTokenType.StartObject, "An input");
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
            ? throw InferRequest.Malformed("An input has no name, datatype or shape; expected all three.")
            : new(name, datatype, shape, data, parameters.BinarySize);
    }

    private InferOutput Output()
    {
        string? name = null;
        var parameters = default(Known);
        Expect(JsonTokenType.StartObject, "An output");
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

        return new(name ?? throw InferRequest.Malformed("An output has no name; expected one."), parameters.IsBinary, parameters.Classes);
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
                    known.Classes = InferRequest.Classes(Whole(property));
                    break;
                default:
                    if (json.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray or JsonTokenType.Null)
                    {
                        throw InferRequest.Malformed(
                            $"The parameter {property} is {json.TokenType}; expected a string, a number, true or false.");
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
            throw InferRequest.Malformed(
                $"{what} is {json.TokenType}; expected {(type == JsonTokenType.StartObject ? "an object" : "a list")}.");
        }
    }

    private readonly string Text(string property) =>
        json.TokenType == JsonTokenType.String
            ? json.GetString()!
            : throw InferRequest.Malformed($"{property} is {json.TokenType}; expected a string.");

    private readonly long Whole(string property) => json.TokenType == JsonTokenType.Number && json.TryGetInt64(out long value)
        ? value
        : throw InferRequest.Malformed($"{property} is not a whole number of 64 bits; expected a whole number from -2^63 to 2^63 - 1.");

    private readonly bool Flag(string property) => json.TokenType is JsonTokenType.True or JsonTokenType.False
        ? json.GetBoolean()
        : throw InferRequest.Malformed($"{property} is {json.TokenType}; expected true or false.");

    // An input as it stands in the JSON: the position where its elements begin, or their number of bytes after the JSON.
    private sealed record JsonInput(string Name, string Datatype, IReadOnlyList<long> Shape, int? Data, long? BinarySize);

    private struct Known
    {
        public long? BinarySize;
        public bool? IsBinary;
        public bool? IsBinaryOutput;
        public int? Classes;
    }
}
