using System.Buffers;
using System.Globalization;
using Fovea.Api.Grpc.Messages;
using Fovea.Api.InferenceProtocol;
using Fovea.Api.Problems;
using Google.Protobuf;
using Choice = Fovea.Api.Grpc.Messages.InferParameter.ParameterChoiceOneofCase;

namespace Fovea.Api.Grpc;

/// <summary>Converts gRPC messages to requests to infer, and their answers to gRPC messages.</summary>
internal static class InferMessages
{
    /// <summary>Reads a request. If the request has its elements as raw bytes, the answer has raw bytes too.</summary>
    /// <exception cref="ServiceException">
    /// <see cref="ServiceError.MalformedRequest"/>: an input has no elements or has them twice, or a parameter has no value.
    /// </exception>
    public static InferRequest Read(ModelInferRequest message)
    {
        foreach (var parameters in message.Inputs.Select(input => input.Parameters).Append(message.Parameters))
        {
            Check(parameters);
        }

        return new(
            message.Id.Length == 0 ? null : message.Id,
            Inputs(message),
            [.. message.Outputs.Select(output => new InferOutput(output.Name, null, Classes(output.Parameters)))],
            IsBinary: message.RawInputContents.Count > 0);
    }

    /// <summary>Writes an answer.</summary>
    /// <param name="answer">The answer to write.</param>
    /// <param name="logits">The logits of each image.</param>
    public static ModelInferResponse Write(InferAnswer answer, IReadOnlyList<float[]> logits)
    {
        var images = answer.Numbers(logits);
        var output = new ModelInferResponse.Types.InferOutputTensor { Name = answer.Name, Datatype = answer.DatatypeName };
        output.Shape.Add(answer.Shape(images.Count));
        var message = new ModelInferResponse
        {
            ModelName = answer.Served.Name,
            ModelVersion = answer.Served.Version.ToString(CultureInfo.InvariantCulture),
            Id = answer.Id ?? "",
            Outputs = { output },
        };
        if (answer.IsBinary || (output.Contents = Contents(answer, images)) is null)
        {
            var bytes = new ArrayBufferWriter<byte>();
            answer.WriteBytes(images, bytes);
            message.RawOutputContents.Add(UnsafeByteOperations.UnsafeWrap(bytes.WrittenMemory));
        }

        return message;
    }

    private static InferInput[] Inputs(ModelInferRequest message)
    {
        var raw = message.RawInputContents;
        if (raw.Count > 0 && raw.Count != message.Inputs.Count)
        {
            throw InferRequest.Malformed(
                $"The request has {raw.Count} raw_input_contents and {message.Inputs.Count} inputs; expected one for each input, or none.");
        }

        var inputs = new InferInput[message.Inputs.Count];
        foreach (var (i, input) in message.Inputs.Index())
        {
            if (raw.Count > 0 == input.Contents is not null)
            {
                throw InferRequest.Malformed(
                    $"{input.Name} has {(raw.Count > 0 ? "both contents and raw_input_contents" : "no data")}; expected either contents, "
                        + "or raw_input_contents.");
            }

            TensorElements elements = raw.Count > 0 ? new RawElements(raw[i].Memory) : new ContentElements(input.Contents!);
            inputs[i] = new(input.Name, input.Datatype, input.Shape, elements);
        }

        return inputs;
    }

    private static int? Classes(IEnumerable<KeyValuePair<string, InferParameter>> parameters)
    {
        Check(parameters);
        var value = parameters.FirstOrDefault(parameter => parameter.Key == "classification").Value;
        return value?.ParameterChoiceCase switch
        {
            null => null,
            Choice.Int64Param => InferRequest.Classes(value.Int64Param),
            Choice.Uint64Param => InferRequest.Classes((long)Math.Min(value.Uint64Param, long.MaxValue)),
            _ => throw InferRequest.Malformed(
                "classification is not a whole number of 64 bits; expected a whole number from -2^63 to 2^63 - 1."),
        };
    }

    private static void Check(IEnumerable<KeyValuePair<string, InferParameter>> parameters)
    {
        foreach (var (name, value) in parameters)
        {
            if (value.ParameterChoiceCase == Choice.None)
            {
                throw InferRequest.Malformed($"The parameter {name} has no value; expected a string, a number, true or false.");
            }
        }
    }

    // The elements in the field of their type; null if the type has no field.
    private static InferTensorContents? Contents(InferAnswer answer, IReadOnlyList<float[]> images)
    {
        var contents = new InferTensorContents();
        if (answer.IsLabels)
        {
            contents.BytesContents.Add(images.SelectMany(answer.Labels).Select(ByteString.CopyFromUtf8));
            return contents;
        }

        var numbers = images.SelectMany(image => image).Select(answer.Type.Rounded);
        switch (answer.Type.Name)
        {
            case "FP32":
                contents.Fp32Contents.Add(numbers);
                return contents;
            case "FP64":
                contents.Fp64Contents.Add(numbers.Select(number => (double)number));
                return contents;
            case "INT8" or "INT16" or "INT32":
                contents.IntContents.Add(numbers.Select(number => (int)number));
                return contents;
            case "INT64":
                contents.Int64Contents.Add(numbers.Select(number => (long)number));
                return contents;
            case "UINT8" or "UINT16":
                contents.UintContents.Add(numbers.Select(number => (uint)number));
                return contents;
            default:
                return null;
        }
    }
}
