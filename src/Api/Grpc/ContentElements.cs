using Fovea.Api.Grpc.Messages;
using Fovea.Api.InferenceProtocol;
using Google.Protobuf.Collections;

namespace Fovea.Api.Grpc;

/// <summary>The elements of a tensor in a gRPC message, in the message's field for their type.</summary>
/// <param name="contents">The part of the message with the elements.</param>
internal sealed class ContentElements(InferTensorContents contents) : TensorElements
{
    /// <inheritdoc/>
    public override float[] Numbers(string name, Datatype type, long count) => type.Name switch
    {
        "FP32" => Read(contents.Fp32Contents, "fp32_contents", name, type, count, number => number),
        "FP64" => Read(contents.Fp64Contents, "fp64_contents", name, type, count, number => (float)number),
        "INT8" or "INT16" or "INT32" => Read(contents.IntContents, "int_contents", name, type, count, number => number),
        "INT64" => Read(contents.Int64Contents, "int64_contents", name, type, count, number => number),
        "UINT8" or "UINT16" => Read(contents.UintContents, "uint_contents", name, type, count, number => number),
        _ => throw InferRequest.Malformed($"{name} has contents of {type.Name}; expected raw_input_contents, the only form of this type."),
    };

    /// <inheritdoc/>
    public override IReadOnlyList<ReadOnlyMemory<byte>> Files(string name, int count)
    {
        RefuseOthers(contents.BytesContents.Count, "bytes_contents", name, "BYTES");
        return [.. contents.BytesContents.Select(file => file.Memory)];
    }

    private float[] Read<T>(RepeatedField<T> field, string fieldName, string name, Datatype type, long count, Func<T, float> convert)
    {
        RefuseOthers(field.Count, fieldName, name, type.Name);
        RefuseUnless(field.Count == count, name, $"{field.Count} numbers", $"{count}");
        var numbers = new float[field.Count];
        for (int i = 0; i < numbers.Length; i++)
        {
            numbers[i] = Rounded(name, type, convert(field[i]));
        }

        return numbers;
    }

    private void RefuseOthers(int count, string expected, string name, string type)
    {
        (string Name, int Count)[] fields =
        [
            ("bool_contents", contents.BoolContents.Count), ("int_contents", contents.IntContents.Count),
            ("int64_contents", contents.Int64Contents.Count), ("uint_contents", contents.UintContents.Count),
            ("uint64_contents", contents.Uint64Contents.Count), ("fp32_contents", contents.Fp32Contents.Count),
            ("fp64_contents", contents.Fp64Contents.Count), ("bytes_contents", contents.BytesContents.Count),
        ];
        if (fields.Sum(field => (long)field.Count) != count)
        {
            var found = string.Join(", ", fields.Where(field => field.Count > 0).Select(field => field.Name));
            throw InferRequest.Malformed($"The data of {name} are in {found}; expected {expected} alone, the field of {type}.");
        }
    }
}
